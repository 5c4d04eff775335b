import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A function whose threads check themselves and each other without pause: in init, through the snapshot, in every clone. */
public final class Stress {
    private static final int MOST_ERRORS = 10;
    private static final long PATIENCE_NANOS = 60_000_000_000L;

    /** One kind of work: a step takes a few milliseconds and throws when something is wrong. */
    interface Work {
        void step(long number) throws Exception;
    }

    private static final class Worker implements Runnable {
        final String name;
        final Work work;
        volatile long steps;

        Worker(String name, Work work) {
            this.name = name;
            this.work = work;
        }

        @Override
        public void run() {
            while (true) {
                while (quiet) {
                    sleep();
                }
                try {
                    work.step(steps);
                } catch (Throwable problem) {
                    complain(name + " in step " + steps + ": " + problem);
                }
                steps++;
            }
        }
    }

    private static final Queue<String> errors = new ConcurrentLinkedQueue<>();
    private static final List<Worker> workers = new ArrayList<>();
    /** Whether a clone has shown what it is worth and may rest. */
    private static volatile boolean quiet;
    private static String clone;

    static {
        Map<String, Work> works = new LinkedHashMap<>();
        Computing.add(works);
        Exchanging.add(works);
        Waiting.add(works);
        Storing.add(works);
        for (Map.Entry<String, Work> each : works.entrySet()) {
            Worker worker = new Worker(each.getKey(), each.getValue());
            workers.add(worker);
            Thread thread = new Thread(worker, each.getKey());
            thread.setDaemon(true);
            thread.start();
        }
    }

    static void check(boolean condition, String what) {
        if (!condition) {
            throw new IllegalStateException(what);
        }
    }

    private static void complain(String what) {
        if (errors.size() < MOST_ERRORS) {
            errors.add(what);
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException problem) {
            complain("interrupted by nobody");
        }
    }

    /** Waits until every thread has done something since; says which did not, and what went wrong in any of them. */
    public Map<String, Object> check(Map<String, Object> event) {
        if (event.containsKey("exit")) {
            Runtime.getRuntime().halt(0);
        }
        if (clone == null) {
            clone = UUID.randomUUID().toString();
        }
        quiet = false;
        long[] before = workers.stream().mapToLong(worker -> worker.steps).toArray();
        long end = System.nanoTime() + PATIENCE_NANOS;
        List<String> stuck;
        do {
            sleep();
            stuck = new ArrayList<>();
            for (int index = 0; index < before.length; index++) {
                if (workers.get(index).steps < before[index] + 2) {
                    stuck.add(workers.get(index).name);
                }
            }
        } while (!stuck.isEmpty() && System.nanoTime() < end);
        quiet = true;
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("clone", clone);
        answer.put("threads", workers.size());
        answer.put("stuck", stuck);
        answer.put("errors", new ArrayList<>(errors));
        answer.put("steps", before[0]);
        return answer;
    }
}
