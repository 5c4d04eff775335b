package thaw.runtime;

import java.lang.invoke.MethodHandles;
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

        void put(Object object, int value) {
            UNSAFE.putInt(object, offset, value);
        }

        void put(Object object, long value) {
            UNSAFE.putLong(object, offset, value);
        }
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
