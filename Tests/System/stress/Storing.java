import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** Files in /tmp, open for all the time and opened anew, and a pipe. */
final class Storing {
    private static final Path directory = Path.of(System.getProperty("java.io.tmpdir"));

    private Storing() {}

    static void add(Map<String, Stress.Work> works) {
        try {
            works.put("open file", new OpenFile());
            works.put("pipe", new Channel());
        } catch (IOException problem) {
            throw new IllegalStateException(problem);
        }
        works.put("new files", Storing::writeAnew);
    }

    private static void writeAnew(long number) throws IOException {
        Path path = directory.resolve("stress-" + number % 4);
        String text = ("step " + number + "\n").repeat(100);
        Files.writeString(path, text);
        Stress.check(Files.readString(path).equals(text), "a file has other content");
        Stress.check(Files.size(path) == text.length(), "a file has another size");
        Path moved = directory.resolve("moved-" + number % 4);
        Files.move(path, moved, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Stress.check(Files.notExists(path), "a file did not move away");
        Stress.check(Files.readAllLines(moved, StandardCharsets.UTF_8).size() == 100, "a file lost lines when it moved");
        Files.delete(moved);
    }

    private static final class OpenFile implements Stress.Work {
        private final RandomAccessFile file = new RandomAccessFile(directory.resolve("stress-open").toFile(), "rw");
        private final byte[] block = new byte[8192];
        private byte last;

        OpenFile() throws IOException {
            file.setLength(0);
            file.setLength(16 * block.length);
        }

        @Override
        public void step(long number) throws IOException {
            for (int index = 0; index < 16; index++) {
                file.readFully(block);
                for (byte each : block) {
                    Stress.check(each == last, "an open file has other content");
                }
            }
            last++;
            file.seek(0);
            Arrays.fill(block, last);
            for (int index = 0; index < 16; index++) {
                file.write(block);
            }
            file.seek(0);
        }
    }

    private static final class Channel implements Stress.Work {
        private final Pipe pipe = Pipe.open();

        Channel() throws IOException {}

        @Override
        public void step(long number) throws IOException {
            ByteBuffer sent = ByteBuffer.allocate(1000);
            sent.putLong(0, number);
            while (sent.hasRemaining()) {
                pipe.sink().write(sent);
            }
            ByteBuffer received = ByteBuffer.allocate(1000);
            while (received.hasRemaining()) {
                Stress.check(pipe.source().read(received) > 0, "a pipe ended");
            }
            Stress.check(received.getLong(0) == number, "a pipe gave other bytes");
        }
    }
}
