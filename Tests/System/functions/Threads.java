import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Virtual threads that wait when the function is frozen, by reflection: the compiler may be older than they are. */
public class Threads {
    private static final int COUNT = 100;

    private final LinkedBlockingQueue<Integer> asked = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Integer> answered = new LinkedBlockingQueue<>();
    private final CountDownLatch slept = new CountDownLatch(COUNT);
    private final List<String> kept = new ArrayList<>();

    public Threads() throws Exception {
        CountDownLatch running = new CountDownLatch(COUNT);
        for (int i = 0; i < COUNT; i++) {
            kept.add("kept " + i);
            start(() -> {
                running.countDown();
                while (true) {
                    answered.put(2 * asked.take());
                }
            });
            start(() -> {
                Thread.sleep(500);
                slept.countDown();
                return null;
            });
        }
        running.await();
    }

    private static void start(java.util.concurrent.Callable<?> work) throws Exception {
        Runnable task = () -> {
            try {
                work.call();
            } catch (Exception ended) {
                throw new IllegalStateException(ended);
            }
        };
        Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
    }

    public Map<String, Object> handle(Object event) throws Exception {
        int sum = 0;
        for (int i = 0; i < COUNT; i++) {
            asked.put(i);
        }
        for (int i = 0; i < COUNT; i++) {
            sum += answered.poll(20, TimeUnit.SECONDS);
        }
        System.gc();
        String collectors = ManagementFactory.getGarbageCollectorMXBeans().stream()
                .map(GarbageCollectorMXBean::getName).collect(Collectors.joining(", "));
        return Map.of(
                "sum", sum, "slept", slept.await(20, TimeUnit.SECONDS), "kept", String.join(",", kept).length(),
                "collectors", collectors);
    }
}
