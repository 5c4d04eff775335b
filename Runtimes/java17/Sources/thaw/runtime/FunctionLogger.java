package thaw.runtime;

import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.logging.LogFormat;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import thaw.runtime.json.Bytes;
import thaw.runtime.json.JsonException;
import thaw.runtime.json.JsonWriter;

/**
 * The function's logger: each call is one record on standard output, ended with a newline if the message has none.
 * AWS_LAMBDA_LOG_FORMAT=JSON makes each record one JSON object; AWS_LAMBDA_LOG_LEVEL drops what is less severe.
 */
public final class FunctionLogger implements LambdaLogger {
    private static final FunctionLogger SHARED =
        new FunctionLogger(System.getenv("AWS_LAMBDA_LOG_FORMAT"), System.getenv("AWS_LAMBDA_LOG_LEVEL"));

    private static final FileOutputStream RECORDS = new FileOutputStream(FileDescriptor.out);

    private final LogFormat format;
    private final LogLevel lowest;
    private volatile String requestId;

    private FunctionLogger(String format, String level) {
        this.format = "JSON".equalsIgnoreCase(format) ? LogFormat.JSON : LogFormat.TEXT;
        LogLevel lowest = LogLevel.UNDEFINED;
        try {
            lowest = level == null ? lowest : LogLevel.fromString(level);
        } catch (IllegalArgumentException unknown) {
            // An unknown level filters nothing: losing log lines would be worse.
            lowest = LogLevel.UNDEFINED;
        }
        this.lowest = lowest;
    }

    public static FunctionLogger shared() {
        return SHARED;
    }

    /** Which invocation the records belong to from now on. */
    void serving(String requestId) {
        this.requestId = requestId;
    }

    @Override
    public void log(String message) {
        log(message, LogLevel.UNDEFINED);
    }

    @Override
    public void log(byte[] message) {
        write(message == null ? "null".getBytes(StandardCharsets.UTF_8) : message);
    }

    @Override
    public void log(String message, LogLevel level) {
        if (level != LogLevel.UNDEFINED && level.compareTo(lowest) < 0) {
            return;
        }
        String text = format == LogFormat.JSON ? record(message, level) : String.valueOf(message);
        write(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void log(byte[] message, LogLevel level) {
        log(message == null ? null : new String(message, StandardCharsets.UTF_8), level);
    }

    private String record(String message, LogLevel level) {
        Map<String, Object> record = new LinkedHashMap<>();
        record.put("timestamp", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
        record.put("level", level.name());
        record.put("message", message);
        record.put("AWSRequestId", requestId);
        Bytes json = new Bytes();
        try {
            JsonWriter.write(record, json);
        } catch (JsonException impossible) {
            return message;
        }
        return new String(json.array(), 0, json.size(), StandardCharsets.UTF_8);
    }

    private static void write(byte[] message) {
        if (System.getenv("_LAMBDA_TELEMETRY_LOG_FD") != null) {
            writeFrame(message);
            return;
        }
        boolean ended = message.length > 0 && message[message.length - 1] == '\n';
        byte[] line = ended ? message : java.util.Arrays.copyOf(message, message.length + 1);
        line[line.length - 1] = '\n';
        PrintStream out = System.out;
        out.write(line, 0, line.length);
        out.flush();
    }

    /** As AWS's runtimes frame it: a mark, the length, the time in microseconds, the text. The descriptor is one more of this stream. */
    private static void writeFrame(byte[] message) {
        ByteBuffer frame = ByteBuffer.allocate(16 + message.length);
        frame.putInt(0xa55a0003).putInt(message.length).putLong(System.currentTimeMillis() * 1000).put(message);
        // Not through System.out, which the function may have replaced.
        System.out.flush();
        try {
            RECORDS.write(frame.array());
        } catch (IOException closed) {
            // The platform is gone, and with it whoever would read this.
            return;
        }
    }
}
