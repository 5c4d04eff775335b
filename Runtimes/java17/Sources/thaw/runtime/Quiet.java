package thaw.runtime;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Brings the JVM to rest, so that no clone of a snapshot repeats what is under way or copies what is garbage. */
final class Quiet {
    private static final Path THREADS = Path.of("/proc/self/task");
    private static final int POLL_MILLISECONDS = 10;
    private static final int POLLS_AT_REST = 5;
    private static final int MOST_POLLS = 300;
    private static final String HOUSEKEEPER = "VM Periodic Tas";
    private static final int HOUSEKEEPING_POLLS = 510;
    private static final long MUCH_COMPILING_NANOSECONDS = 500_000_000L;

    private Quiet() {
    }

    static void settle() {
        awaitCompilers();
        awaitHousekeeping();
        // Twice: what the first run's finalisers leave would be copied into every clone.
        System.gc();
        System.gc();
    }

    /** Waits until the compilers have slept for a while: what is queued would be compiled by each clone. */
    static void awaitCompilers() {
        try {
            poll();
        } catch (IOException | InterruptedException unknown) {
            System.err.println("clones may go on with what is being compiled: " + unknown);
        }
    }

    /**
     * Waits until the JVM has given back the memory of its compilers, which it does every five seconds: in a clone that
     * would write to hundreds of pages. Not worth its time where little has been compiled.
     */
    private static void awaitHousekeeping() {
        try {
            if (nanosecondsOf("C1 Compiler") + nanosecondsOf("C2 Compiler") < MUCH_COMPILING_NANOSECONDS) {
                return;
            }
            long before = nanosecondsOf(HOUSEKEEPER);
            for (int poll = 0; poll < HOUSEKEEPING_POLLS && nanosecondsOf(HOUSEKEEPER) == before; poll++) {
                Thread.sleep(POLL_MILLISECONDS);
            }
            Thread.sleep(POLL_MILLISECONDS);
        } catch (IOException | InterruptedException unknown) {
            System.err.println("clones may give back what compilers have used: " + unknown);
        }
    }

    /** How long the threads whose names begin so have run. */
    private static long nanosecondsOf(String name) throws IOException {
        long sum = 0;
        for (Path thread : threads(name)) {
            String text = read(thread.resolve("schedstat"));
            sum += Long.parseLong(text.substring(0, text.indexOf(' ')));
        }
        return sum;
    }

    private static void poll() throws IOException, InterruptedException {
        List<Path> compilers = threads("C1 Compiler");
        compilers.addAll(threads("C2 Compiler"));
        int atRest = 0;
        for (int poll = 0; poll < MOST_POLLS && atRest < POLLS_AT_REST; poll++) {
            Thread.sleep(POLL_MILLISECONDS);
            boolean sleeping = true;
            for (Path compiler : compilers) {
                sleeping &= isSleeping(compiler.resolve("stat"));
            }
            atRest = sleeping ? atRest + 1 : 0;
        }
    }

    /** The threads whose names begin so; the kernel knows the first 15 letters of each. */
    private static List<Path> threads(String name) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(THREADS)) {
            for (Path thread : threads) {
                if (read(thread.resolve("comm")).startsWith(name)) {
                    found.add(thread);
                }
            }
        }
        return found;
    }

    /** proc(5): the state follows the name, which stands in parentheses. A compiler that has ended is at rest, too. */
    private static boolean isSleeping(Path status) throws IOException {
        String text;
        try {
            text = read(status);
        } catch (IOException ended) {
            return true;
        }
        int name = text.lastIndexOf(')');
        return name < 0 || name + 2 >= text.length() || text.charAt(name + 2) == 'S';
    }

    private static String read(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    }
}
