package thaw.runtime;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import thaw.runtime.json.Binder;
import thaw.runtime.json.Bytes;
import thaw.runtime.json.JsonException;
import thaw.runtime.json.JsonWriter;

/** Binding at the two ends of a handler, with the messages AWS gives when it fails. */
final class Answer {
    private Answer() {
    }

    static Object event(Binder binder, byte[] event) {
        try {
            return binder.read(event, 0, event.length);
        } catch (JsonException malformed) {
            throw new RuntimeException("An error occurred during JSON parsing", new UncheckedIOException(malformed));
        } catch (RuntimeException refused) {
            // A collection that takes no null, for instance.
            throw new RuntimeException("An error occurred during JSON parsing",
                new UncheckedIOException(new IOException(Fault.describe(refused), refused)));
        }
    }

    /**
     * Writes what a handler returned; a stream is the answer's bytes, null and nothing are null.
     *
     * @param declared the type that the handler says it returns
     */
    static void write(Object value, Class<?> declared, Bytes answer) throws IOException {
        if (value instanceof InputStream) {
            ((InputStream) value).transferTo(answer);
            return;
        }
        try {
            JsonWriter.write(value, declared, answer);
        } catch (JsonException unwritable) {
            throw new RuntimeException("An error occurred during JSON serialization of response",
                new UncheckedIOException(unwritable));
        }
    }

    static InputStream stream(byte[] event) {
        return new ByteArrayInputStream(event);
    }
}
