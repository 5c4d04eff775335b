import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/** Waits with a limit: none may end much too early, and time does not go back. */
final class Waiting {
    /** Parks may return for no reason. */
    private static final long GRACE_NANOS = 1_000_000;

    private Waiting() {}

    static void add(Map<String, Stress.Work> works) {
        works.put("sleeping", number -> timed(3, () -> Thread.sleep(3)));
        ReentrantLock lock = new ReentrantLock();
        Condition never = lock.newCondition();
        works.put("conditions", number -> timed(3, () -> {
            lock.lock();
            try {
                long left = TimeUnit.MILLISECONDS.toNanos(3);
                while (left > 0) {
                    left = never.awaitNanos(left);
                }
            } finally {
                lock.unlock();
            }
        }));
        Object monitor = new Object();
        works.put("monitors", number -> timed(0, () -> {
            synchronized (monitor) {
                monitor.wait(2);
            }
        }));
        works.put("parking", number -> timed(0, () -> LockSupport.parkNanos(500_000)));
        works.put("clock", new Clock());
    }

    private interface Pause {
        void make() throws InterruptedException;
    }

    private static void timed(long milliseconds, Pause pause) throws InterruptedException {
        long before = System.nanoTime();
        pause.make();
        long took = System.nanoTime() - before;
        Stress.check(took >= TimeUnit.MILLISECONDS.toNanos(milliseconds) - GRACE_NANOS, "a wait took " + took + " ns");
    }

    private static final class Clock implements Stress.Work {
        private long last = System.nanoTime();

        @Override
        public void step(long number) {
            for (int index = 0; index < 1000; index++) {
                long now = System.nanoTime();
                Stress.check(now >= last, "time went back by " + (last - now) + " ns");
                last = now;
            }
        }
    }
}
