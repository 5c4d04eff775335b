package thaw.runtime;

import java.io.IOException;
import thaw.runtime.json.Bytes;

/** Takes one event after the other to the function. */
final class InvocationLoop {
    private final RuntimeClient client;
    private final EventHandler handler;
    private final Bytes answer = new Bytes();

    InvocationLoop(RuntimeClient client, EventHandler handler) {
        this.client = client;
        this.handler = handler;
    }

    /** Serves events until the platform ends the process or the JVM cannot be trusted any more. */
    void run() throws IOException {
        while (serve()) {
            continue;
        }
    }

    /** Serves one event. False if the JVM cannot be trusted with another. */
    boolean serve() throws IOException {
        Invocation invocation = client.next();
        FunctionLogger.shared().serving(invocation.requestId);
        String trace = invocation.traceId();
        if (trace == null) {
            System.clearProperty("com.amazonaws.xray.traceHeader");
        } else {
            System.setProperty("com.amazonaws.xray.traceHeader", trace);
        }
        answer.clear();
        Fault fault = null;
        try {
            handler.handle(invocation.event, new InvocationContext(invocation), answer);
        } catch (Throwable thrown) {
            fault = Fault.of(thrown);
            FunctionLogger.shared().log(fault.text());
        }
        // A line printed without its end must be in the log before the platform ends the invocation's part of it.
        System.out.flush();
        System.err.flush();
        if (fault == null) {
            client.respond(invocation.requestId, answer);
            return true;
        }
        client.fail(invocation.requestId, fault);
        return !fault.isFatal();
    }
}
