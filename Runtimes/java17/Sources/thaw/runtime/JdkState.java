package thaw.runtime;

import java.io.FileInputStream;
import java.io.IOException;
import java.lang.reflect.Field;
import java.security.SecureRandom;
import java.security.SecureRandomSpi;
import java.util.Collection;
import java.util.Map;
import sun.misc.Unsafe;

/**
 * State inside the JDK that must not be the same in every clone, or that is stale in all of them.
 *
 * <p>Reseeded after a restore: the native generators ({@code new SecureRandom()}, {@code NativePRNG} and its two
 * variants: UUID.randomUUID, TLS, temporary file names and key generators use these), whose read-ahead buffer is
 * dropped and whose mixer gets fresh kernel bytes; and the sources that {@code SHA1PRNG} and {@code DRBG} instances
 * made later take their seeds from, which the JDK keeps in static generators of their own.
 * Not reachable, so left as they are: {@code SHA1PRNG} and {@code DRBG} instances that the function itself made
 * before the snapshot, {@code java.util.Random}, {@code Math.random} and {@code ThreadLocalRandom}. An after-restore
 * hook has to make those anew.
 *
 * <p>The JDK gives no interface to either, and opening its packages with a flag would open them to the function too.
 * So private fields are reached through Unsafe; a JDK whose fields have other names makes reseeding fail, and with it
 * the restore, rather than leave two clones with one seed.
 */
final class JdkState {
    private static final String NATIVE = "sun.security.provider.NativePRNG";
    private static final String SEEDER = "sun.security.provider.SecureRandom$SeederHolder";
    private static final String DRBG_SEEDER = "sun.security.provider.AbstractDrbg$SeederHolder";
    private static final int SEED_BYTES = 32;

    private JdkState() {
    }

    /** A generator's implementation with the public methods put around it again. */
    private static final class Wrapped extends SecureRandom {
        private static final long serialVersionUID = 1L;

        Wrapped(SecureRandomSpi implementation) {
            super(implementation, null);
        }
    }

    /** Forgets every host name looked up so far. A JDK that keeps them elsewhere keeps them: they expire in 30 s. */
    static void forgetHostNames() {
        try {
            Unsafe unsafe = unsafe();
            Object cache = staticField(unsafe, java.net.InetAddress.class, "cache");
            Object expiry = staticField(unsafe, java.net.InetAddress.class, "expirySet");
            ((Map<?, ?>) cache).clear();
            ((Collection<?>) expiry).clear();
        } catch (ReflectiveOperationException | ClassCastException differentJdk) {
            System.err.println("host names looked up so far stay cached: " + differentJdk);
        }
    }

    /** Gives the JDK's own random number generators fresh seeds from the kernel. */
    static void reseed() throws IOException, ReflectiveOperationException {
        Unsafe unsafe = unsafe();
        for (String variant : new String[] {"", "$Blocking", "$NonBlocking"}) {
            Class<?> generator = initialised(unsafe, NATIVE + variant);
            Object io = generator == null ? null : staticField(unsafe, generator, "INSTANCE");
            if (io != null) {
                reseedNative(unsafe, io);
            }
        }
        Class<?> seeder = initialised(unsafe, SEEDER);
        if (seeder != null) {
            new Wrapped((SecureRandomSpi) staticField(unsafe, seeder, "seeder")).setSeed(kernelBytes());
        }
        Class<?> drbg = initialised(unsafe, DRBG_SEEDER);
        if (drbg != null) {
            // The seeder is a closure over a generator that nothing can reach; the other source is the kernel.
            Field shared = drbg.getDeclaredField("seeder");
            unsafe.putObject(unsafe.staticFieldBase(shared), unsafe.staticFieldOffset(shared),
                staticField(unsafe, drbg, "prseeder"));
        }
    }

    private static void reseedNative(Unsafe unsafe, Object io) throws IOException, ReflectiveOperationException {
        Class<?> type = io.getClass();
        synchronized (field(unsafe, io, "LOCK_GET_BYTES")) {
            unsafe.putInt(io, unsafe.objectFieldOffset(type.getDeclaredField("buffered")), 0);
        }
        Object mixer = field(unsafe, io, "mixRandom");
        if (mixer != null) {
            new Wrapped((SecureRandomSpi) mixer).setSeed(kernelBytes());
        }
    }

    /** The class if it has been initialised; one that has not holds no state yet. */
    @SuppressWarnings("removal")
    private static Class<?> initialised(Unsafe unsafe, String name) throws ClassNotFoundException {
        Class<?> type = Class.forName(name, false, null);
        return unsafe.shouldBeInitialized(type) ? null : type;
    }

    private static byte[] kernelBytes() throws IOException {
        try (FileInputStream random = new FileInputStream("/dev/urandom")) {
            byte[] seed = random.readNBytes(SEED_BYTES);
            if (seed.length < SEED_BYTES) {
                throw new IOException("/dev/urandom ended after " + seed.length + " bytes");
            }
            return seed;
        }
    }

    private static Object staticField(Unsafe unsafe, Class<?> type, String name) throws NoSuchFieldException {
        Field field = type.getDeclaredField(name);
        return unsafe.getObject(unsafe.staticFieldBase(field), unsafe.staticFieldOffset(field));
    }

    private static Object field(Unsafe unsafe, Object object, String name) throws NoSuchFieldException {
        return unsafe.getObject(object, unsafe.objectFieldOffset(object.getClass().getDeclaredField(name)));
    }

    private static Unsafe unsafe() throws ReflectiveOperationException {
        Field field = Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        return (Unsafe) field.get(null);
    }
}
