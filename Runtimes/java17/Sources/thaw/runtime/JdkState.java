package thaw.runtime;

import java.io.IOException;
import java.net.InetAddress;
import java.security.SecureRandomSpi;
import java.util.Collection;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * State inside the JDK that must not be the same in every clone, or that is stale in all of them.
 *
 * <p>Reseeded after a restore: the native generators ({@code new SecureRandom()}, {@code NativePRNG} and its two
 * variants: UUID.randomUUID, TLS, temporary file names and key generators use these), whose read-ahead buffer is
 * dropped and whose mixer gets fresh kernel bytes; {@code SHA1PRNG} and {@code DRBG} instances, whoever made them, and the
 * sources that later ones take their seeds from; {@code Math.random} and {@code ThreadLocalRandom}.
 * Not reachable, so left as they are: instances of {@code java.util.Random} and {@code SplittableRandom} that the function
 * itself made before the snapshot. An after-restore hook has to make those anew.
 */
final class JdkState {
    private static final String NATIVE = "sun.security.provider.NativePRNG";
    private static final String SEEDER = "sun.security.provider.SecureRandom$SeederHolder";
    private static final String DRBG_SEEDER = "sun.security.provider.AbstractDrbg$SeederHolder";
    private static final String MATH_RANDOM = "java.lang.Math$RandomNumberGeneratorHolder";

    private JdkState() {
    }

    /** Forgets every host name looked up so far. A JDK that keeps them elsewhere keeps them: they expire in 30 s. */
    static void forgetHostNames() {
        try {
            ((Map<?, ?>) Internals.get(InetAddress.class, "cache")).clear();
            ((Collection<?>) Internals.get(InetAddress.class, "expirySet")).clear();
        } catch (ReflectiveOperationException | ClassCastException differentJdk) {
            System.err.println("host names looked up so far stay cached: " + differentJdk);
        }
    }

    /** Gives the JDK's own random number generators fresh seeds from the kernel. */
    static void reseed() throws IOException, ReflectiveOperationException {
        for (String variant : new String[] {"", "$Blocking", "$NonBlocking"}) {
            Class<?> generator = Internals.initialised(NATIVE + variant);
            Object io = generator == null ? null : Internals.get(generator, "INSTANCE");
            if (io != null) {
                reseedNative(io);
            }
        }
        reseedSeeders();
        SecureRandoms.reseed();
        reseedOrdinary();
    }

    private static void reseedNative(Object io) throws IOException, ReflectiveOperationException {
        synchronized (Internals.get(io, "LOCK_GET_BYTES")) {
            Internals.put(io, "buffered", 0);
        }
        Object mixer = Internals.get(io, "mixRandom");
        if (mixer != null) {
            SecureRandoms.reseed((SecureRandomSpi) mixer);
        }
    }

    private static void reseedSeeders() throws IOException, ReflectiveOperationException {
        Class<?> seeder = Internals.initialised(SEEDER);
        if (seeder != null) {
            SecureRandoms.reseed((SecureRandomSpi) Internals.get(seeder, "seeder"));
        }
        Class<?> drbg = Internals.initialised(DRBG_SEEDER);
        if (drbg != null) {
            // The seeder is a closure over a generator that nothing can reach; the other source is the kernel.
            Internals.put(drbg, "seeder", Internals.get(drbg, "prseeder"));
        }
    }

    /** Those that are not for secrets. */
    private static void reseedOrdinary() throws IOException, ReflectiveOperationException {
        Class<?> holder = Internals.initialised(MATH_RANDOM);
        if (holder != null) {
            ((Random) Internals.get(holder, "randomNumberGenerator")).setSeed(Kernel.number());
        }
        if (Internals.initialised(ThreadLocalRandom.class.getName()) == null) {
            return;
        }
        // New threads draw their seeds from the seeder; those that live keep theirs in the Thread.
        long seed = Kernel.number();
        ((AtomicLong) Internals.get(ThreadLocalRandom.class, "seeder")).set(seed);
        Thread[] threads = new Thread[Thread.activeCount() + 16];
        int count = Thread.enumerate(threads);
        for (int index = 0; index < count; index++) {
            // The golden gamma, as ThreadLocalRandom itself spaces seeds.
            Internals.put(threads[index], Thread.class, "threadLocalRandomSeed", seed + (index + 1) * 0x9e3779b97f4a7c15L);
        }
    }
}
