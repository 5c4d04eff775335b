package thaw.runtime;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import thaw.runtime.Internals.Slot;

/**
 * The JDK's generators that are not for secrets: those that all share, and where each class takes the seeds of new ones from.
 * Instances that a function made keep theirs.
 */
final class OrdinaryGenerators {
    private static final String[] ALGORITHMS = {
        "L32X64MixRandom", "L64X128MixRandom", "L64X128StarStarRandom", "L64X256MixRandom", "L64X1024MixRandom",
        "L128X128MixRandom", "L128X256MixRandom", "L128X1024MixRandom", "Xoroshiro128PlusPlus", "Xoshiro256PlusPlus",
    };
    private static final String[] NAMES_OF_SEEDS = {"defaultGen", "DEFAULT_GEN"};

    private final Slot[] shared = {
        Internals.slot("java.lang.Math$RandomNumberGeneratorHolder", "randomNumberGenerator"),
        Internals.slot("java.lang.StrictMath$RandomNumberGeneratorHolder", "randomNumberGenerator"),
        Internals.slot("java.util.Collections", "r"),
    };
    private final List<Slot> seeds = new ArrayList<>();
    private final Slot threadSeeder = Internals.slot("java.util.concurrent.ThreadLocalRandom", "seeder");
    private final Slot threadSeed = Internals.slot("java.lang.Thread", "threadLocalRandomSeed");

    OrdinaryGenerators() throws ReflectiveOperationException {
        seeds.add(Internals.slot("java.util.Random", "seedUniquifier"));
        seeds.add(Internals.slot("java.util.SplittableRandom", "defaultGen"));
        for (String algorithm : ALGORITHMS) {
            Class<?> type = algorithm(algorithm);
            if (type != null) {
                seeds.add(Internals.slot(type, NAMES_OF_SEEDS));
            }
        }
    }

    /** Later JDKs have them in another module, whose classes cannot be asked for without being loaded. */
    private static Class<?> algorithm(String name) {
        try {
            return Class.forName("jdk.internal.random." + name, false, null);
        } catch (ClassNotFoundException earlierJdk) {
            return Internals.loaded("jdk.random." + name, ClassLoader.getSystemClassLoader());
        }
    }

    void reseed() throws IOException {
        for (Slot generator : shared) {
            Object random = generator.get();
            if (random != null) {
                ((Random) random).setSeed(Kernel.number());
            }
        }
        for (Slot source : seeds) {
            Object next = source.get();
            if (next != null) {
                ((AtomicLong) next).set(Kernel.number());
            }
        }
        reseedThreads();
    }

    private void reseedThreads() throws IOException {
        Object seeder = threadSeeder.get();
        if (seeder == null) {
            return;
        }
        // New threads draw their seeds from the seeder; those that live keep theirs in the Thread.
        long seed = Kernel.number();
        ((AtomicLong) seeder).set(seed);
        ThreadGroup all = Thread.currentThread().getThreadGroup();
        while (all.getParent() != null) {
            all = all.getParent();
        }
        Thread[] threads = new Thread[all.activeCount() + 16];
        int count = all.enumerate(threads);
        for (int index = 0; index < count; index++) {
            // The golden gamma, as ThreadLocalRandom itself spaces seeds.
            threadSeed.put(threads[index], seed + (index + 1) * 0x9e3779b97f4a7c15L);
        }
    }
}
