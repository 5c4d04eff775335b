import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/** Work of several threads with each other: hand-offs, locks, new threads. */
final class Exchanging {
    private static final BlockingQueue<Long> queue = new ArrayBlockingQueue<>(16);
    private static final SynchronousQueue<Long> handOff = new SynchronousQueue<>();
    private static final ReentrantLock lock = new ReentrantLock(true);
    private static final Object monitor = new Object();
    private static final Map<Long, Long> table = new ConcurrentHashMap<>();
    private static final AtomicLong tasks = new AtomicLong();
    private static long fromQueue;
    private static long fromHandOff;
    private static long left = 1000;
    private static long right = 1000;
    private static long under;
    private static long over;

    private Exchanging() {}

    static void add(Map<String, Stress.Work> works) {
        works.put("producer", number -> {
            for (int index = 0; index < 100; index++) {
                queue.put(number * 100 + index);
            }
        });
        works.put("consumer", number -> {
            for (int index = 0; index < 100; index++) {
                Stress.check(queue.take() == fromQueue++, "something in a queue is lost or out of order");
            }
        });
        works.put("giver", number -> {
            for (int index = 0; index < 2; index++) {
                handOff.put(number * 2 + index);
            }
        });
        works.put("taker", number -> {
            for (int index = 0; index < 2; index++) {
                Stress.check(handOff.take() == fromHandOff++, "something handed over is lost or out of order");
            }
        });
        works.put("locker one", number -> move(7));
        works.put("locker two", number -> move(-7));
        works.put("monitor one", number -> count());
        works.put("monitor two", number -> count());
        works.put("tables", Exchanging::tabulate);
        works.put("new threads", Exchanging::startThreads);
    }

    private static void move(long amount) {
        for (int index = 0; index < 200; index++) {
            lock.lock();
            try {
                left -= amount;
                right += amount;
                Stress.check(left + right == 2000, "a lock let two threads in");
            } finally {
                lock.unlock();
            }
        }
    }

    private static void count() {
        for (int index = 0; index < 2000; index++) {
            synchronized (monitor) {
                Stress.check(under == over, "a monitor let two threads in");
                under++;
                over++;
            }
        }
    }

    private static void tabulate(long number) {
        for (long index = 0; index < 500; index++) {
            table.merge(index, 1L, Long::sum);
        }
        for (long index = 0; index < 500; index++) {
            Stress.check(table.get(index) == number + 1, "a table has another count");
        }
    }

    private static void startThreads(long number) throws InterruptedException {
        long before = tasks.get();
        ExecutorService pool = Executors.newFixedThreadPool(3);
        for (int index = 0; index < 10; index++) {
            pool.execute(tasks::incrementAndGet);
        }
        pool.shutdown();
        while (!pool.awaitTermination(60, TimeUnit.SECONDS)) {
            // A clone may come long after the snapshot, and all that time counts.
        }
        Stress.check(tasks.get() == before + 10, "a task did not run");
    }
}
