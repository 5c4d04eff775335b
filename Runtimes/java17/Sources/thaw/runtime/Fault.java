package thaw.runtime;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import thaw.runtime.json.Bytes;
import thaw.runtime.json.JsonException;
import thaw.runtime.json.JsonWriter;

/**
 * What went wrong, in AWS's two forms: the JSON the caller gets
 * ({@code {errorMessage, errorType, stackTrace, cause}}) and the text for the function's log.
 */
final class Fault {
    private static final String OWN_FRAMES = "thaw.runtime.";
    private static final int MOST_CAUSES = 50;

    private final String message;
    private final String type;
    private final Throwable thrown;

    private Fault(String message, String type, Throwable thrown) {
        this.message = message;
        this.type = type;
        this.thrown = thrown;
    }

    static Fault of(Throwable thrown) {
        return new Fault(message(thrown), thrown.getClass().getName(), thrown);
    }

    /** A fault with a message of the runtime's own. @param thrown what caused it, or null */
    static Fault of(String message, String type, Throwable thrown) {
        return new Fault(message, type, thrown);
    }

    /** An exception in one line. It is the user's, so asking it may throw as well. */
    static String describe(Throwable thrown) {
        String message = message(thrown);
        String type = thrown.getClass().getName();
        return message.equals(type) ? type : type + ": " + message;
    }

    /** Whether the JVM cannot be trusted with another event. */
    boolean isFatal() {
        return thrown instanceof VirtualMachineError || thrown instanceof java.io.IOError;
    }

    Bytes json() {
        Map<String, Object> body = body(thrown, Collections.newSetFromMap(new IdentityHashMap<>()));
        body.put("errorMessage", message);
        body.put("errorType", type);
        Bytes json = new Bytes();
        try {
            JsonWriter.write(body, json);
        } catch (JsonException impossible) {
            json.clear();
            json.ascii("{\"errorType\":\"Runtime.Unknown\"}");
        }
        return json;
    }

    /** The text for the log: a summary, then the stack trace without the runtime's own frames. */
    String text() {
        StringBuilder text = new StringBuilder();
        text.append(message).append(": ").append(type);
        Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        String label = "\n";
        for (Throwable part = thrown; part != null && seen.add(part) && seen.size() < MOST_CAUSES; part = cause(part)) {
            text.append(label).append(describe(part));
            for (String frame : frames(part)) {
                text.append("\n\tat ").append(frame);
            }
            for (Throwable suppressed : part.getSuppressed()) {
                text.append("\n\tSuppressed: ").append(describe(suppressed));
                for (String frame : frames(suppressed)) {
                    text.append("\n\t\tat ").append(frame);
                }
            }
            label = "\nCaused by: ";
        }
        return text.append('\n').toString();
    }

    private static Map<String, Object> body(Throwable thrown, Set<Throwable> seen) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("errorMessage", thrown == null ? null : message(thrown));
        body.put("errorType", thrown == null ? null : thrown.getClass().getName());
        body.put("stackTrace", thrown == null ? Collections.emptyList() : frames(thrown));
        if (thrown != null && seen.add(thrown) && seen.size() < MOST_CAUSES) {
            Throwable cause = cause(thrown);
            if (cause != null && !seen.contains(cause)) {
                body.put("cause", body(cause, seen));
            }
        }
        return body;
    }

    /** The frames above the runtime. */
    private static List<String> frames(Throwable thrown) {
        List<String> frames = new ArrayList<>();
        for (StackTraceElement frame : thrown.getStackTrace()) {
            if (frame.getClassName().startsWith(OWN_FRAMES)) {
                break;
            }
            frames.add(frame.toString());
        }
        return frames;
    }

    /** An exception without a message is told by its class, as on AWS. */
    private static String message(Throwable thrown) {
        try {
            String message = thrown.getLocalizedMessage();
            return message == null ? thrown.getClass().getName() : message;
        } catch (RuntimeException broken) {
            return thrown.getClass().getName();
        }
    }

    private static Throwable cause(Throwable thrown) {
        try {
            return thrown.getCause();
        } catch (RuntimeException broken) {
            return null;
        }
    }
}
