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

    private Priming() {
    }

    static void run(EventHandler handler) {
        String event = System.getenv(EVENT);
        if (event == null) {
            return;
        }
        String head = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: thaw-priming\r\n"
            + "Lambda-Runtime-Deadline-Ms: " + (System.currentTimeMillis() + 60_000) + "\r\n"
            + "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:" + System.getenv("AWS_REGION") + ":000000000000:function:"
            + System.getenv("AWS_LAMBDA_FUNCTION_NAME") + "\r\n\r\n";
        try {
            Invocation invocation = new Invocation(new HttpConnection.Response(
                200, head.getBytes(StandardCharsets.ISO_8859_1), event.getBytes(StandardCharsets.UTF_8)));
            for (int left = count(); left > 0; left--) {
                handler.handle(invocation.event, new InvocationContext(invocation), new Bytes());
            }
        } catch (Throwable failure) {
            FunctionLogger.shared().log("priming failed; clones start without it\n" + Fault.of(failure).text());
        }
        System.out.flush();
        System.err.flush();
    }

    private static int count() {
        String count = System.getenv(COUNT);
        return count == null ? 1 : Integer.parseInt(count);
    }
}
