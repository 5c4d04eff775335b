package thaw.runtime;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import sun.misc.Unsafe;

/**
 * Fields of the JDK that have no public door.
 *
 * <p>Opening its packages with a flag would open them to the function too. So they are reached through Unsafe; a JDK whose
 * fields have other names makes what needs them fail, rather than do something else.
 */
final class Internals {
    private static final Unsafe UNSAFE = unsafe();
    private static final MethodHandle LOADED = loaded();

    private Internals() {
    }

    /** One field, looked up once: what reads and writes it later needs no reflection. */
    static final class Slot {
        private final Object owner;
        private final long offset;

        private Slot(Field field) {
            boolean shared = Modifier.isStatic(field.getModifiers());
            owner = shared ? UNSAFE.staticFieldBase(field) : null;
            offset = shared ? UNSAFE.staticFieldOffset(field) : UNSAFE.objectFieldOffset(field);
        }

        /** A static field's value: null while its class has not been initialised. */
        Object get() {
            return UNSAFE.getObject(owner, offset);
        }

        void put(Object value) {
            UNSAFE.putObject(owner, offset, value);
        }

        Object get(Object object) {
            return UNSAFE.getObject(object, offset);
        }

        /** @param object null for a static field */
        void put(Object object, int value) {
            UNSAFE.putInt(object == null ? owner : object, offset, value);
        }

        void put(Object object, short value) {
            UNSAFE.putShort(object == null ? owner : object, offset, value);
        }

        void put(Object object, long value) {
            UNSAFE.putLong(object, offset, value);
        }
    }

    /** The class of that name if one of the loader or its parents has loaded it already, else null. */
    static Class<?> loaded(String name, ClassLoader loader) {
        try {
            for (ClassLoader at = loader; at != null; at = at.getParent()) {
                Class<?> found = (Class<?>) LOADED.invokeExact(at, name);
                if (found != null) {
                    return found;
                }
            }
            return null;
        } catch (Throwable impossible) {
            throw new IllegalStateException(name, impossible);
        }
    }

    /** The first of the fields that the class has. */
    static Slot slot(Class<?> type, String... names) throws NoSuchFieldException {
        for (int index = 0; index + 1 < names.length; index++) {
            try {
                return new Slot(type.getDeclaredField(names[index]));
            } catch (NoSuchFieldException otherRelease) {
                continue;
            }
        }
        return new Slot(type.getDeclaredField(names[names.length - 1]));
    }

    /** A field of one of the JDK's classes, which this does not initialise. */
    static Slot slot(String type, String name) throws ReflectiveOperationException {
        return new Slot(Class.forName(type, false, null).getDeclaredField(name));
    }

    static Object get(Class<?> type, String name) throws NoSuchFieldException {
        Field field = type.getDeclaredField(name);
        return UNSAFE.getObject(UNSAFE.staticFieldBase(field), UNSAFE.staticFieldOffset(field));
    }

    static void put(Class<?> type, String name, Object value) throws NoSuchFieldException {
        Field field = type.getDeclaredField(name);
        UNSAFE.putObject(UNSAFE.staticFieldBase(field), UNSAFE.staticFieldOffset(field), value);
    }

    static Object get(Object object, String name) throws NoSuchFieldException {
        return UNSAFE.getObject(object, UNSAFE.objectFieldOffset(object.getClass().getDeclaredField(name)));
    }

    /** Sees every member of every class. */
    static MethodHandles.Lookup lookup() throws NoSuchFieldException {
        return (MethodHandles.Lookup) get(MethodHandles.Lookup.class, "IMPL_LOOKUP");
    }

    private static MethodHandle loaded() {
        try {
            return lookup().findVirtual(ClassLoader.class, "findLoadedClass", MethodType.methodType(Class.class, String.class));
        } catch (ReflectiveOperationException otherJdk) {
            throw new ExceptionInInitializerError(otherJdk);
        }
    }

    private static Unsafe unsafe() {
        try {
            Field field = Unsafe.class.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            return (Unsafe) field.get(null);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }
}
