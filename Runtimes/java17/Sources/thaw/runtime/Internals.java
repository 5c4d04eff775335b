package thaw.runtime;

import java.lang.invoke.MethodHandles;
import java.lang.reflect.Field;
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

    /** The class if it has been initialised, else null: one that has not holds no state yet. */
    @SuppressWarnings("removal")
    static Class<?> initialised(String name) throws ClassNotFoundException {
        Class<?> type = Class.forName(name, false, null);
        return UNSAFE.shouldBeInitialized(type) ? null : type;
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

    static void put(Object object, String name, int value) throws NoSuchFieldException {
        UNSAFE.putInt(object, UNSAFE.objectFieldOffset(object.getClass().getDeclaredField(name)), value);
    }

    /** A field of `type`, which may be hidden from reflection, in an object of a subclass. */
    static void put(Object object, Class<?> type, String name, long value) throws NoSuchFieldException {
        UNSAFE.putLong(object, UNSAFE.objectFieldOffset(type.getDeclaredField(name)), value);
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
