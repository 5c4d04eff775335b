package thaw.runtime;

import java.nio.charset.StandardCharsets;
import thaw.runtime.json.Bytes;

/**
 * An event that the function handles before it is frozen, once or as often as asked, so that its clones need not load and
 * compile what handling takes. Its answers are dropped; a failure is logged, ends the priming and changes nothing else.
 */
final class Priming {
    private static final String EVENT = "THAW_PRIME_EVENT";
    private static final String COUNT = "THAW_PRIME_COUNT";

    private final EventHandler handler;
    private final byte[] event;
    private int left;

    Priming(EventHandler handler) {
        this.handler = handler;
        String event = System.getenv(EVENT);
        this.event = event == null ? null : event.getBytes(StandardCharsets.UTF_8);
    }

    /** Most of it. What the rest is for: to run what this has had compiled. */
    void begin() {
        if (event == null) {
            return;
        }
        try {
            left = count();
            handle(left - left / 4);
        } catch (Throwable failure) {
            fail(failure);
        }
    }

    void end() {
        try {
            handle(left);
        } catch (Throwable failure) {
            fail(failure);
        }
        System.out.flush();
        System.err.flush();
    }

    private void handle(int times) throws Throwable {
        if (times == 0) {
            return;
        }
        String head = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: thaw-priming\r\n"
            + "Lambda-Runtime-Deadline-Ms: " + (System.currentTimeMillis() + 60_000) + "\r\n"
            + "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:" + System.getenv("AWS_REGION") + ":000000000000:function:"
            + System.getenv("AWS_LAMBDA_FUNCTION_NAME") + "\r\n\r\n";
        Invocation invocation = new Invocation(
            new HttpConnection.Response(200, head.getBytes(StandardCharsets.ISO_8859_1), event));
        for (int time = 0; time < times; time++) {
            handler.handle(event, new InvocationContext(invocation), new Bytes());
        }
        left -= times;
    }

    private void fail(Throwable failure) {
        left = 0;
        FunctionLogger.shared().log("priming failed; clones start without it\n" + Fault.of(failure).text());
    }

    private static int count() {
        String count = System.getenv(COUNT);
        return count == null ? 1 : Integer.parseInt(count);
    }
}
