package thaw.runtime;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The kernel's random bytes, which no two clones share. */
final class Kernel {
    private static final int SEED_BYTES = 32;
    /** Stays open: a clone only reads. */
    private static FileInputStream random;

    private Kernel() {
    }

    static synchronized byte[] bytes() throws IOException {
        if (random == null) {
            random = new FileInputStream("/dev/urandom");
        }
        byte[] seed = new byte[SEED_BYTES];
        int count = random.read(seed);
        if (count < SEED_BYTES) {
            throw new IOException("/dev/urandom gave " + count + " of " + SEED_BYTES + " bytes");
        }
        return seed;
    }

    static long number() throws IOException {
        return ByteBuffer.wrap(bytes()).getLong();
    }
}
