package thaw.runtime;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One keep-alive HTTP/1.1 connection to the Runtime API. It knows only what that API needs, because every class and
 * branch on this path is paid for by each restored clone. Reads wait without limit: the platform answers when it has
 * something to say.
 */
final class HttpConnection {
    private static final int LARGEST_HEAD = 1 << 17;
    private static final int LARGEST_BODY = 1 << 28;
    /** A request up to this size is sent with one system call. */
    private static final int ONE_WRITE = 1 << 16;

    private final String host;
    private final int port;
    private Socket socket;
    private InputStream in;
    private OutputStream out;
    private byte[] buffer = new byte[1 << 14];
    private int start;
    private int end;

    /** @param address {@code host:port}, as AWS_LAMBDA_RUNTIME_API gives it */
    HttpConnection(String address) {
        int colon = address.lastIndexOf(':');
        boolean named = colon > 0 && address.indexOf(']') < colon;
        String name = named ? address.substring(0, colon) : address;
        host = name.startsWith("[") ? name.substring(1, name.length() - 1) : name;
        port = named ? Integer.parseInt(address.substring(colon + 1)) : 80;
    }

    /** An answer: its status, its header fields and its body. */
    static final class Response {
        final int status;
        final byte[] body;
        private final byte[] head;

        Response(int status, byte[] head, byte[] body) {
            this.status = status;
            this.head = head;
            this.body = body;
        }

        /** The value of a header field, or null. @param name in lower case */
        String header(String name) {
            return field(head, name);
        }
    }

    /**
     * Sends a request and waits for its answer. A kept-alive connection that turns out to be closed is dialled again
     * once.
     *
     * @param head the request's first line and header fields, each with its line end, without Content-Length
     * @param length the length of the body, or -1 for a request without one
     */
    Response exchange(String head, byte[] body, int length) throws IOException {
        boolean kept = socket != null;
        if (kept) {
            try {
                send(head, body, length);
                if (fill()) {
                    return receive();
                }
            } catch (IOException stale) {
                if (start != end) {
                    throw stale;
                }
            }
            close();
        }
        connect();
        send(head, body, length);
        return receive();
    }

    void close() {
        try {
            if (socket != null) {
                socket.close();
            }
        } catch (IOException ignored) {
            // The connection is given up either way.
        }
        socket = null;
    }

    private void connect() throws IOException {
        Socket dialled = new Socket();
        dialled.setTcpNoDelay(true);
        dialled.connect(new InetSocketAddress(host, port));
        socket = dialled;
        in = dialled.getInputStream();
        out = dialled.getOutputStream();
        start = 0;
        end = 0;
    }

    private void send(String head, byte[] body, int length) throws IOException {
        StringBuilder text = new StringBuilder(head.length() + 40);
        text.append(head);
        if (length >= 0) {
            text.append("Content-Length: ").append(length).append("\r\n");
        }
        byte[] bytes = text.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
        int total = bytes.length + Math.max(length, 0);
        if (length > 0 && total <= ONE_WRITE) {
            byte[] whole = Arrays.copyOf(bytes, total);
            System.arraycopy(body, 0, whole, bytes.length, length);
            out.write(whole, 0, total);
            return;
        }
        out.write(bytes, 0, bytes.length);
        if (length > 0) {
            out.write(body, 0, length);
        }
    }

    private Response receive() throws IOException {
        while (true) {
            int length = headLength();
            byte[] head = Arrays.copyOfRange(buffer, start, start + length);
            start += length;
            int status = status(head);
            if (status >= 200) {
                byte[] body = body(head, status);
                if ("close".equalsIgnoreCase(field(head, "connection"))) {
                    close();
                }
                return new Response(status, head, body);
            }
        }
    }

    /** Reads until the buffer holds a whole head: its length, with the empty line. */
    private int headLength() throws IOException {
        int scanned = start;
        while (true) {
            for (int index = Math.max(start, scanned - 3); index + 3 < end; index++) {
                if (buffer[index] == '\r' && buffer[index + 1] == '\n' && buffer[index + 2] == '\r'
                    && buffer[index + 3] == '\n') {
                    return index + 4 - start;
                }
            }
            int seen = end - start;
            if (seen > LARGEST_HEAD) {
                throw new IOException("the Runtime API sent a head of more than " + LARGEST_HEAD + " bytes");
            }
            if (!fill()) {
                throw new EOFException("the Runtime API closed the connection within an answer");
            }
            scanned = start + seen;
        }
    }

    private static int status(byte[] head) throws IOException {
        if (head.length < 12 || head[0] != 'H' || head[8] != ' ') {
            throw new IOException("the Runtime API did not answer in HTTP/1.1");
        }
        return (head[9] - '0') * 100 + (head[10] - '0') * 10 + (head[11] - '0');
    }

    private byte[] body(byte[] head, int status) throws IOException {
        if (status == 204 || status == 304) {
            return new byte[0];
        }
        if ("chunked".equalsIgnoreCase(field(head, "transfer-encoding"))) {
            return chunks();
        }
        String length = field(head, "content-length");
        if (length == null) {
            throw new IOException("the Runtime API sent an answer without a length");
        }
        byte[] body = new byte[size(length, 10)];
        readInto(body, 0);
        return body;
    }

    private byte[] chunks() throws IOException {
        byte[] body = new byte[0];
        while (true) {
            String line = line();
            int extension = line.indexOf(';');
            int size = size(extension < 0 ? line.trim() : line.substring(0, extension).trim(), 16);
            if (size == 0) {
                while (!line().isEmpty()) {
                    continue;
                }
                return body;
            }
            int known = body.length;
            if (known > LARGEST_BODY - size) {
                throw tooLarge();
            }
            body = Arrays.copyOf(body, known + size);
            readInto(body, known);
            line();
        }
    }

    private static int size(String text, int radix) throws IOException {
        try {
            int size = Integer.parseInt(text, radix);
            if (size >= 0 && size <= LARGEST_BODY) {
                return size;
            }
        } catch (NumberFormatException notANumber) {
            throw new IOException("the Runtime API sent the length \"" + text + "\"");
        }
        throw tooLarge();
    }

    private static IOException tooLarge() {
        return new IOException("the Runtime API sent a body of more than " + LARGEST_BODY + " bytes");
    }

    private void readInto(byte[] body, int offset) throws IOException {
        int filled = Math.min(body.length - offset, end - start);
        System.arraycopy(buffer, start, body, offset, filled);
        start += filled;
        filled += offset;
        while (filled < body.length) {
            int count = in.read(body, filled, body.length - filled);
            if (count < 0) {
                throw new EOFException("the Runtime API closed the connection within a body");
            }
            filled += count;
        }
    }

    private String line() throws IOException {
        int scanned = 0;
        while (true) {
            for (int index = start + scanned; index + 1 < end; index++) {
                if (buffer[index] == '\r' && buffer[index + 1] == '\n') {
                    String line = new String(buffer, start, index - start, StandardCharsets.ISO_8859_1);
                    start = index + 2;
                    return line;
                }
            }
            scanned = Math.max(0, end - start - 1);
            if (scanned > LARGEST_HEAD || !fill()) {
                throw new EOFException("the Runtime API closed the connection within a body");
            }
        }
    }

    /** Reads what has come into the buffer: false at the end of the stream. */
    private boolean fill() throws IOException {
        if (start == end) {
            start = 0;
            end = 0;
        } else if (end == buffer.length) {
            if (start > 0) {
                System.arraycopy(buffer, start, buffer, 0, end - start);
                end -= start;
                start = 0;
            } else {
                buffer = Arrays.copyOf(buffer, buffer.length * 2);
            }
        }
        int count = in.read(buffer, end, buffer.length - end);
        if (count > 0) {
            end += count;
        }
        return count > 0;
    }

    /** Finds a field in a head. Names are compared without regard to case; the value is UTF-8. */
    private static String field(byte[] head, String name) {
        int line = 0;
        int to = head.length;
        while (line < to) {
            int stop = line;
            while (stop < to && head[stop] != '\r') {
                stop++;
            }
            int colon = line + name.length();
            if (colon < stop && head[colon] == ':' && named(head, line, name)) {
                int first = colon + 1;
                int last = stop;
                while (first < last && head[first] == ' ') {
                    first++;
                }
                while (last > first && head[last - 1] == ' ') {
                    last--;
                }
                return new String(head, first, last - first, StandardCharsets.UTF_8);
            }
            line = stop + 2;
        }
        return null;
    }

    private static boolean named(byte[] head, int line, String name) {
        for (int index = 0; index < name.length(); index++) {
            int letter = head[line + index];
            if (letter >= 'A' && letter <= 'Z') {
                letter |= 0x20;
            }
            if (letter != name.charAt(index)) {
                return false;
            }
        }
        return true;
    }
}
