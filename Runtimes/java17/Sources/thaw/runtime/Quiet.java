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

    private Quiet() {
    }

    static void settle() {
        awaitCompilers();
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

    private static void poll() throws IOException, InterruptedException {
        List<Path> compilers = compilers();
        int atRest = 0;
        for (int poll = 0; poll < MOST_POLLS && atRest < POLLS_AT_REST; poll++) {
            Thread.sleep(POLL_MILLISECONDS);
            boolean sleeping = true;
            for (Path compiler : compilers) {
                sleeping &= isSleeping(compiler);
            }
            atRest = sleeping ? atRest + 1 : 0;
        }
    }

    private static List<Path> compilers() throws IOException {
        List<Path> compilers = new ArrayList<>();
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(THREADS)) {
            for (Path thread : threads) {
                String name = read(thread.resolve("comm"));
                if (name.startsWith("C1 Compiler") || name.startsWith("C2 Compiler")) {
                    compilers.add(thread.resolve("stat"));
                }
            }
        }
        return compilers;
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
