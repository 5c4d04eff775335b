package thaw.runtime;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ref.Reference;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.crac.Resource;
import org.crac.RestoreException;

/**
 * Runs the way of an invocation (socket, HTTP, JSON, binding, error report) on made-up events before the snapshot,
 * so that a clone finds every class loaded and the hot methods compiled. Nothing of it reaches the platform or the
 * function: the other end is a loopback socket of our own, whose answers are written ahead.
 */
final class Rehearsal {
    /** The compiler takes a method up after 200 calls, and looks at its count at every 128th. */
    static final int COMPILING = 400;
    /** What has been compiled finds its callees when it runs, and writes down where they are. */
    static final int LINKING = 40;
    /** Under emulation as many rounds may take long; the first ones matter most. */
    private static final long LIMIT_NANOSECONDS = 1_500_000_000L;
    private static final String EVENT = "{\"text\":\"caf\\u00e9 \u00fc\",\"count\":3,\"ratio\":1.5,\"list\":[true,null,"
        + "\"a\"],\"nested\":{\"large\":12345678901}}";

    private Rehearsal() {
    }

    /** An event with a property of each common kind. */
    public static final class Sample {
        private String text;
        private int count;
        private double ratio;

        public String getText() {
            return text;
        }

        public void setText(String text) {
            this.text = text;
        }

        public int getCount() {
            return count;
        }

        public void setCount(int count) {
            this.count = count;
        }

        public double getRatio() {
            return ratio;
        }

        public void setRatio(double ratio) {
            this.ratio = ratio;
        }
    }

    private static final class UntypedHandler implements RequestHandler<Map<String, Object>, Object> {
        @Override
        public Object handleRequest(Map<String, Object> input, Context context) {
            return input;
        }
    }

    private static final class TypedHandler implements RequestHandler<Sample, Sample> {
        @Override
        public Sample handleRequest(Sample input, Context context) {
            return input;
        }
    }

    private static final class StreamHandler implements RequestStreamHandler {
        @Override
        public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
            input.transferTo(output);
        }
    }

    private static final class Hook implements Resource {
        @Override
        public void beforeCheckpoint(org.crac.Context<? extends Resource> context) {
            // Not rehearsed: it happens once, before the freeze.
        }

        @Override
        public void afterRestore(org.crac.Context<? extends Resource> context) {
            // Nothing to do.
        }
    }

    /** What a clone does first: reseeds the generators there are, and runs hooks (here, none of the function's). */
    static void restore(JdkState state, int rounds) throws IOException, RestoreException {
        long begin = System.nanoTime();
        SnapshotResources resources = new SnapshotResources();
        Hook hook = new Hook();
        resources.register(hook);
        for (int round = 0; round < rounds && System.nanoTime() - begin < LIMIT_NANOSECONDS; round++) {
            SnapshotPoint.restored(state, resources);
        }
        Reference.reachabilityFence(hook);
    }

    static void run(int rounds) throws IOException {
        long begin = System.nanoTime();
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        try (ServerSocket listener = new ServerSocket(0, 1, loopback)) {
            RuntimeClient client = new RuntimeClient("127.0.0.1:" + listener.getLocalPort());
            InvocationLoop untyped = new InvocationLoop(client, new BoundInterface(new UntypedHandler(), Map.class, Object.class));
            InvocationLoop typed = new InvocationLoop(client, new BoundInterface(new TypedHandler(), Sample.class, Sample.class));
            InvocationLoop streamed = new InvocationLoop(client, new StreamInterface(new StreamHandler()));
            Thread platform = platform(listener);
            platform.start();
            for (int round = 0; round < rounds && System.nanoTime() - begin < LIMIT_NANOSECONDS; round++) {
                client.restoreNext();
                streamed.serve();
                untyped.serve();
                typed.serve();
            }
            client.close();
        }
        FunctionLogger.shared().serving(null);
        System.clearProperty("com.amazonaws.xray.traceHeader");
        Fault.of(new IllegalStateException("rehearsal")).json();
    }

    /** Answers every request with an event, which also does for the answer to a response. */
    private static Thread platform(ServerSocket listener) {
        Thread thread = new Thread(null, null, "rehearsal") {
            @Override
            public void run() {
                byte[] event = EVENT.getBytes(StandardCharsets.UTF_8);
                String fields = "Content-Type: application/json\r\nContent-Length: " + event.length
                    + "\r\nLambda-Runtime-Aws-Request-Id: 00000000-0000-0000-0000-000000000000"
                    + "\r\nLambda-Runtime-Deadline-Ms: 4102444800000"
                    + "\r\nLambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:rehearsal"
                    + "\r\nLambda-Runtime-Trace-Id: Root=1-00000000-000000000000000000000000;Sampled=0\r\n\r\n";
                byte[] next = ("HTTP/1.1 200 OK\r\n" + fields + EVENT).getBytes(StandardCharsets.UTF_8);
                byte[] accepted = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.UTF_8);
                byte[] request = new byte[4096];
                try (Socket peer = listener.accept()) {
                    OutputStream out = peer.getOutputStream();
                    while (peer.getInputStream().read(request) > 0) {
                        out.write(request[0] == 'G' ? next : accepted);
                    }
                } catch (IOException closed) {
                    // The rehearsal is over.
                    return;
                }
            }
        };
        thread.setDaemon(true);
        return thread;
    }
}
