package thaw.runtime;

import java.io.IOException;
import java.security.SecureRandomSpi;
import thaw.runtime.Internals.Slot;

/**
 * State inside the JDK, and inside packages, that must not be the same in every clone.
 *
 * <p>Reseeded after a restore: the native generators ({@code new SecureRandom()}, {@code NativePRNG} and its two
 * variants: UUID.randomUUID, TLS, temporary file names and key generators use these), whose read-ahead buffer is
 * dropped and whose mixer gets fresh kernel bytes; {@code SHA1PRNG} and {@code DRBG} instances, whoever made them, and the
 * sources that later ones take their seeds from; {@link OrdinaryGenerators}; {@link PackageGenerators}.
 * Not reachable, so left as they are: instances of {@code java.util.Random} and {@code SplittableRandom} that the function
 * itself made before the snapshot. An after-restore hook has to make those anew.
 */
final class JdkState {
    private static final String PACKAGE = "sun.security.provider.";

    private final Slot[] natives = {
        Internals.slot(PACKAGE + "NativePRNG", "INSTANCE"),
        Internals.slot(PACKAGE + "NativePRNG$Blocking", "INSTANCE"),
        Internals.slot(PACKAGE + "NativePRNG$NonBlocking", "INSTANCE"),
    };
    private final Slot lock = Internals.slot(PACKAGE + "NativePRNG$RandomIO", "LOCK_GET_BYTES");
    private final Slot buffered = Internals.slot(PACKAGE + "NativePRNG$RandomIO", "buffered");
    private final Slot mixer = Internals.slot(PACKAGE + "NativePRNG$RandomIO", "mixRandom");
    private final Slot seeder = Internals.slot(PACKAGE + "SecureRandom$SeederHolder", "seeder");
    private final Slot drbgSeeder = Internals.slot(PACKAGE + "AbstractDrbg$SeederHolder", "seeder");
    private final Slot drbgKernel = Internals.slot(PACKAGE + "AbstractDrbg$SeederHolder", "prseeder");
    private final OrdinaryGenerators ordinary = new OrdinaryGenerators();
    private final PackageGenerators packages = new PackageGenerators(Thread.currentThread().getContextClassLoader());

    /** Looks up where all of it is, so that a clone need not. */
    JdkState() throws ReflectiveOperationException {
    }

    /** Gives them fresh seeds from the kernel. */
    void reseed() throws IOException {
        for (Slot generator : natives) {
            reseedNative(generator.get());
        }
        Object seeds = seeder.get();
        if (seeds != null) {
            SecureRandoms.reseed((SecureRandomSpi) seeds);
        }
        if (drbgSeeder.get() != null) {
            // The seeder is a closure over a generator that nothing can reach; the other source is the kernel.
            drbgSeeder.put(drbgKernel.get());
        }
        SecureRandoms.reseed();
        ordinary.reseed();
        packages.reseed();
    }

    private void reseedNative(Object io) throws IOException {
        if (io == null) {
            return;
        }
        synchronized (lock.get(io)) {
            buffered.put(io, 0);
        }
        Object mixing = mixer.get(io);
        if (mixing != null) {
            SecureRandoms.reseed((SecureRandomSpi) mixing);
        }
    }
}
