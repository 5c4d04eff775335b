package handlers;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.crac.Core;
import org.crac.Resource;

/** Handlers with snapshot hooks. */
public class Hooks {
    static final List<String> LOG = new ArrayList<>();
    static final List<Resource> KEPT = new ArrayList<>();

    static class Named implements Resource {
        final String name;
        final boolean failsBefore;
        final boolean failsAfter;

        Named(String name, boolean failsBefore, boolean failsAfter) {
            this.name = name;
            this.failsBefore = failsBefore;
            this.failsAfter = failsAfter;
        }

        public void beforeCheckpoint(org.crac.Context<? extends Resource> context) throws Exception {
            LOG.add("before " + name);
            System.out.println("before " + name);
            if (failsBefore) {
                throw new IllegalStateException("before " + name + " failed");
            }
        }

        public void afterRestore(org.crac.Context<? extends Resource> context) throws Exception {
            LOG.add("after " + name);
            System.out.println("after " + name);
            if (failsAfter) {
                throw new IllegalStateException("after " + name + " failed");
            }
        }
    }

    static void register(String name, boolean failsBefore, boolean failsAfter) {
        Resource resource = new Named(name, failsBefore, failsAfter);
        KEPT.add(resource);
        Core.getGlobalContext().register(resource);
    }

    static void forgotten() {
        Core.getGlobalContext().register(new Named("forgotten", false, false));
    }

    public static class Ordered implements RequestHandler<Object, List<String>> {
        public Ordered() {
            register("a", false, false);
            register("b", false, false);
            register("c", false, false);
            Core.getGlobalContext().register(KEPT.get(0));
            forgotten();
            System.gc();
        }

        public List<String> handleRequest(Object input, Context context) {
            return LOG;
        }
    }

    public static class FailingBefore extends Ordered {
        public FailingBefore() {
            register("x", true, false);
            register("y", true, false);
            register("z", false, false);
        }
    }

    public static class FailingAfter extends Ordered {
        public FailingAfter() {
            register("x", false, true);
            register("y", false, false);
        }
    }

    public static class Checkpointing implements RequestHandler<Object, String> {
        public String handleRequest(Object input, Context context) {
            try {
                Core.checkpointRestore();
                return "returned";
            } catch (Exception refused) {
                return refused.getClass().getSimpleName();
            }
        }
    }

    /** Looks into the JDK's generators (which the test has to open) at the snapshot and after it. */
    public static class Random implements RequestHandler<Object, List<Object>>, Resource {
        private volatile byte[] mixer;
        private volatile byte[] seeder;
        private boolean fresh;
        private int buffered;

        public Random() throws Exception {
            UUID.randomUUID();
            java.security.SecureRandom.getInstance("SHA1PRNG").nextInt();
            java.security.SecureRandom.getInstance("DRBG").nextInt();
            Core.getGlobalContext().register(this);
            KEPT.add(this);
        }

        public void beforeCheckpoint(org.crac.Context<? extends Resource> context) throws Exception {
            UUID.randomUUID();
            Thread sampler = new Thread(this::sample);
            sampler.setDaemon(true);
            sampler.start();
        }

        /** Notes the generators' state as it is in the snapshot: when the test says that it would be taken now. */
        private void sample() {
            try {
                new java.io.FileInputStream(System.getenv("SNAPSHOT_FIFO")).read();
                mixer = mixer();
                seeder = seeder();
                new java.io.FileOutputStream(System.getenv("SAMPLED_FIFO")).close();
            } catch (Exception failed) {
                failed.printStackTrace();
            }
        }

        public void afterRestore(org.crac.Context<? extends Resource> context) throws Exception {
            fresh = !java.util.Arrays.equals(mixer, mixer()) && !java.util.Arrays.equals(seeder, seeder());
            buffered = (int) field(io(), "buffered");
            Class<?> drbg = Class.forName("sun.security.provider.AbstractDrbg$SeederHolder");
            fresh &= field(drbg, "seeder") == field(drbg, "prseeder");
            java.security.SecureRandom.getInstance("DRBG").nextInt();
        }

        public List<Object> handleRequest(Object input, Context context) {
            return List.of(fresh, buffered, UUID.randomUUID());
        }

        private static Object io() throws Exception {
            return field(Class.forName("sun.security.provider.NativePRNG"), "INSTANCE");
        }

        private static byte[] mixer() throws Exception {
            return ((byte[]) field(field(io(), "mixRandom"), "state")).clone();
        }

        private static byte[] seeder() throws Exception {
            Class<?> holder = Class.forName("sun.security.provider.SecureRandom$SeederHolder");
            return ((byte[]) field(field(holder, "seeder"), "state")).clone();
        }

        private static Object field(Object owner, String name) throws Exception {
            Class<?> type = owner instanceof Class ? (Class<?>) owner : owner.getClass();
            java.lang.reflect.Field field = type.getDeclaredField(name);
            field.setAccessible(true);
            return field.get(owner);
        }
    }
}
