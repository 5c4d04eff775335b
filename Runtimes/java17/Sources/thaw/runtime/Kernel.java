package thaw.runtime;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The kernel's random bytes, which no two clones share. */
final class Kernel {
    private static final int SEED_BYTES = 32;

    private Kernel() {
    }

    static byte[] bytes() throws IOException {
        try (FileInputStream random = new FileInputStream("/dev/urandom")) {
            byte[] seed = random.readNBytes(SEED_BYTES);
            if (seed.length < SEED_BYTES) {
                throw new IOException("/dev/urandom ended after " + seed.length + " bytes");
            }
            return seed;
        }
    }

    static long number() throws IOException {
        return ByteBuffer.wrap(bytes()).getLong();
    }
}
