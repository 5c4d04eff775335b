package thaw.runtime.json;

import java.io.OutputStream;
import java.util.Arrays;

/** A growing byte array to write to: ByteArrayOutputStream without its locks and without the copy at the end. */
public final class Bytes extends OutputStream {
    private static final int START = 4096;
    private static final int KEEP = 1 << 20;

    private byte[] array = new byte[START];
    private int size;

    /** The array itself; only its first {@link #size} bytes mean something. */
    public byte[] array() {
        return array;
    }

    public int size() {
        return size;
    }

    /** Forgets what was written, and the array too if one large answer made it large. */
    public void clear() {
        size = 0;
        if (array.length > KEEP) {
            array = new byte[START];
        }
    }

    @Override
    public void write(int value) {
        room(1);
        array[size++] = (byte) value;
    }

    @Override
    public void write(byte[] source, int offset, int length) {
        room(length);
        System.arraycopy(source, offset, array, size, length);
        size += length;
    }

    /** Appends text that is known to be ASCII. */
    public void ascii(String text) {
        int length = text.length();
        room(length);
        for (int index = 0; index < length; index++) {
            array[size++] = (byte) text.charAt(index);
        }
    }

    private void room(int wanted) {
        if (wanted > array.length - size) {
            int needed = Math.addExact(size, wanted);
            array = Arrays.copyOf(array, needed > Integer.MAX_VALUE / 2 ? needed : Math.max(needed, array.length * 2));
        }
    }
}
