package thaw.runtime;

import java.io.IOException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import thaw.runtime.Internals.Slot;

/** Generators that packages of the function keep for all their users, in classes that are loaded: the rows of docs/uniqueness.md. */
final class PackageGenerators {
    private static final String BOUNCY_CASTLE = "org.bouncycastle.jcajce.provider.drbg.DRBG$";
    private static final String OBJECT_ID = "org.bson.types.ObjectId";
    private static final int THREE_BYTES = 0xFFFFFF;

    /** Makes one of them begin anew. */
    private interface Renewal {
        void run() throws IOException, ReflectiveOperationException;
    }

    private final List<Renewal> renewals = new ArrayList<>();

    /** @param loader the function's */
    PackageGenerators(ClassLoader loader) {
        for (String generator : new String[] {"Default", "NonceAndIV"}) {
            add(Internals.loaded(BOUNCY_CASTLE + generator, loader), PackageGenerators::bouncyCastle);
        }
        add(Internals.loaded(OBJECT_ID, loader), PackageGenerators::objectId);
        add(Internals.loaded("org.apache.commons.lang3.RandomStringUtils", loader), PackageGenerators::commonsLang);
    }

    void reseed() throws IOException {
        for (Renewal renewal : renewals) {
            try {
                renewal.run();
            } catch (ReflectiveOperationException impossible) {
                throw new IOException("a generator could not be made anew", impossible);
            }
        }
    }

    private interface Finder {
        Renewal find(Class<?> type) throws ReflectiveOperationException;
    }

    private void add(Class<?> type, Finder finder) {
        if (type == null) {
            return;
        }
        try {
            renewals.add(finder.find(type));
        } catch (ReflectiveOperationException otherRelease) {
            System.err.println("the generator of " + type.getName() + " cannot be made anew, so clones may draw the same from it: "
                + otherRelease);
        }
    }

    /** Its own setSeed reaches only where the generator takes seeds from, which it seldom does. */
    private static Renewal bouncyCastle(Class<?> type) throws ReflectiveOperationException {
        Slot generator = Internals.slot(type, "random");
        Object random = generator.get();
        if (random == null) {
            return () -> { };
        }
        Method reseed = random.getClass().getMethod("reseed", byte[].class);
        return () -> reseed.invoke(random, (Object) Kernel.bytes());
    }

    /** An id's random part is constant in code that was compiled before the snapshot, its counter is not. */
    private static Renewal objectId(Class<?> type) throws ReflectiveOperationException {
        Slot counter = Internals.slot(type, "NEXT_COUNTER");
        Slot most = Internals.slot(type, "RANDOM_VALUE1", "MACHINE_IDENTIFIER");
        Slot rest = Internals.slot(type, "RANDOM_VALUE2", "PROCESS_IDENTIFIER");
        return () -> {
            long fresh = Kernel.number();
            AtomicInteger count = (AtomicInteger) counter.get();
            if (count != null) {
                count.set((int) Kernel.number());
                most.put(null, (int) fresh & THREE_BYTES);
                rest.put(null, (short) (fresh >>> Integer.SIZE));
            }
        };
    }

    private static Renewal commonsLang(Class<?> type) throws ReflectiveOperationException {
        for (var field : type.getDeclaredFields()) {
            if (field.getName().equals("RANDOM") && field.getType() == Random.class) {
                Slot random = Internals.slot(type, "RANDOM");
                return () -> {
                    Random generator = (Random) random.get();
                    if (generator != null) {
                        generator.setSeed(Kernel.number());
                    }
                };
            }
        }
        // Later releases draw from SecureRandom.
        return () -> { };
    }
}
