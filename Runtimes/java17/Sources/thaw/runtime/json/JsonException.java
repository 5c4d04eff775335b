package thaw.runtime.json;

import java.io.IOException;

/** JSON that cannot be read, or a value that cannot be bound or written; the message says where and why. */
public final class JsonException extends IOException {
    private static final long serialVersionUID = 1L;

    JsonException(String message) {
        super(message);
    }

    JsonException(String message, Throwable cause) {
        super(message, cause);
    }
}
