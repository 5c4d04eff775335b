import java.lang.ref.WeakReference;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** Work of one thread alone: numbers, checksums, memory. */
final class Computing {
    private Computing() {}

    static void add(Map<String, Stress.Work> works) {
        double expected = series();
        works.put("floating", number -> Stress.check(series() == expected, "the series has another sum"));
        works.put("vectors", new Vectors());
        works.put("checksums", new Checksums());
        works.put("allocation", new Allocation());
        works.put("exceptions",
            number -> Stress.check(unwind(300, (int) number) == (int) number, "an exception lost its message"));
    }

    private static double series() {
        double sum = 0;
        float single = 1;
        for (int index = 1; index < 20_000; index++) {
            sum += Math.sin(index) / index + Math.sqrt(index) * 1e-9;
            single = single * 1.0001f + 1f / index;
        }
        return sum + single;
    }

    /** Loops that the compiler turns into vector instructions. */
    private static final class Vectors implements Stress.Work {
        private final float[] left = new float[8192];
        private final float[] right = new float[8192];
        private final long[] words = new long[8192];

        @Override
        public void step(long number) {
            float factor = number % 1000;
            for (int index = 0; index < left.length; index++) {
                left[index] = index * factor;
                words[index] = number * index;
            }
            for (int index = 0; index < left.length; index++) {
                right[index] = left[index] + 2 * left[index];
            }
            long sum = 0;
            for (int index = 0; index < words.length; index++) {
                sum += words[index];
            }
            Stress.check(sum == number * 8191 * 4096, "a sum of words is wrong");
            for (int index = 0; index < right.length; index++) {
                float value = index * factor;
                Stress.check(right[index] == value + 2 * value, "a sum of floats is wrong");
            }
        }
    }

    private static final class Checksums implements Stress.Work {
        private final byte[] text = new byte[12_000];
        private final long crc;
        private final byte[] digest;

        Checksums() {
            new Random(7).nextBytes(text);
            Arrays.fill(text, 2_000, 6_000, (byte) 7);
            crc = crc(text);
            digest = digest(text);
        }

        @Override
        public void step(long number) throws Exception {
            Stress.check(crc(text) == crc, "a CRC is wrong");
            Stress.check(Arrays.equals(digest(text), digest), "a digest is wrong");
            Deflater deflater = new Deflater(1);
            deflater.setInput(text);
            deflater.finish();
            byte[] packed = new byte[20_000];
            int size = deflater.deflate(packed);
            deflater.end();
            Inflater inflater = new Inflater();
            inflater.setInput(packed, 0, size);
            byte[] unpacked = new byte[text.length];
            int restored = inflater.inflate(unpacked);
            inflater.end();
            Stress.check(restored == text.length && Arrays.equals(unpacked, text), "deflated bytes inflate to others");
        }

        private static long crc(byte[] bytes) {
            CRC32 crc = new CRC32();
            crc.update(bytes);
            return crc.getValue();
        }

        private static byte[] digest(byte[] bytes) {
            try {
                return MessageDigest.getInstance("SHA-256").digest(bytes);
            } catch (java.security.NoSuchAlgorithmException problem) {
                throw new IllegalStateException(problem);
            }
        }
    }

    /** Objects young and old that refer to each other, weak references, and a collection now and then. */
    private static final class Allocation implements Stress.Work {
        private final Map<Integer, List<long[]>> old = new HashMap<>();

        @Override
        public void step(long number) {
            int key = (int) (number % 64);
            List<long[]> previous = old.get(key);
            if (previous != null) {
                for (int index = 0; index < previous.size(); index++) {
                    long[] array = previous.get(index);
                    Stress.check(array.length == index + 1 && array[index] == array[0] + index, "an old object changed");
                }
            }
            List<long[]> fresh = new ArrayList<>();
            for (int size = 1; size <= 64; size++) {
                long[] array = new long[size];
                for (int index = 0; index < size; index++) {
                    array[index] = number + index;
                }
                fresh.add(array);
            }
            old.put(key, fresh);
            WeakReference<Object> weak = new WeakReference<>(fresh);
            byte[] garbage = new byte[200_000];
            garbage[(int) (number % garbage.length)] = 1;
            Stress.check(weak.get() == fresh, "a weak reference lost what is in use");
            if (number % 500 == 0) {
                System.gc();
            }
        }
    }

    private static int unwind(int depth, int value) {
        try {
            return descend(depth, value);
        } catch (IllegalArgumentException problem) {
            return Integer.parseInt(problem.getMessage());
        }
    }

    private static int descend(int depth, int value) {
        if (depth == 0) {
            throw new IllegalArgumentException(String.format("%d", value));
        }
        return descend(depth - 1, value) + 1;
    }
}
