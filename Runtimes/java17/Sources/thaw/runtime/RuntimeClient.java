package thaw.runtime;

import java.io.IOException;
import thaw.runtime.json.Bytes;

/** AWS's Runtime API, version 2018-06-01, as a runtime calls it. */
final class RuntimeClient {
    private static final String BASE = "/2018-06-01/runtime/";

    private final HttpConnection connection;
    private final String fields;

    /** @param address {@code host:port}, as AWS_LAMBDA_RUNTIME_API gives it */
    RuntimeClient(String address) {
        connection = new HttpConnection(address);
        fields = " HTTP/1.1\r\nHost: " + address + "\r\nUser-Agent: thaw-java/17\r\n";
    }

    /** Waits for the next event. */
    Invocation next() throws IOException {
        HttpConnection.Response response = get("invocation/next");
        if (response.status != 200) {
            throw refused("GET invocation/next", response);
        }
        return new Invocation(response);
    }

    /** Says that the function is initialised and waits: the answer arrives in the clones. */
    void restoreNext() throws IOException {
        HttpConnection.Response response = get("restore/next");
        if (response.status != 200) {
            throw refused("GET restore/next", response);
        }
    }

    /** Waits to be told a function. Thaw's own call, for {@link Seed}. */
    byte[] seedNext() throws IOException {
        HttpConnection.Response response = get("seed/next");
        if (response.status != 200) {
            throw refused("GET seed/next", response);
        }
        return response.body;
    }

    /** Sends an answer. False if the platform would not take it, which it has then reported itself (too large). */
    boolean respond(String requestId, Bytes answer) throws IOException {
        HttpConnection.Response response = connection.exchange(
            "POST " + BASE + "invocation/" + requestId + "/response" + fields + "Content-Type: application/json\r\n",
            answer.array(), answer.size());
        return accepted("POST invocation/response", response);
    }

    /** Reports that an event could not be answered. False if the platform would not take the report. */
    boolean fail(String requestId, Fault fault) throws IOException {
        return report("invocation/" + requestId + "/error", fault, "Runtime.UserException");
    }

    /** Reports why the function could not be initialised. */
    void failInit(Fault fault, String errorType) throws IOException {
        report("init/error", fault, errorType);
    }

    /** Reports why a clone could not be made ready. */
    void failRestore(Fault fault, String errorType) throws IOException {
        report("restore/error", fault, errorType);
    }

    void close() {
        connection.close();
    }

    private HttpConnection.Response get(String path) throws IOException {
        return connection.exchange("GET " + BASE + path + fields, null, -1);
    }

    private boolean report(String path, Fault fault, String errorType) throws IOException {
        Bytes body = fault.json();
        HttpConnection.Response response = connection.exchange(
            "POST " + BASE + path + fields + "Content-Type: application/vnd.aws.lambda.error+json\r\n"
                + "Lambda-Runtime-Function-Error-Type: " + errorType + "\r\n",
            body.array(), body.size());
        return accepted("POST " + path, response);
    }

    /** Whether a report was accepted. What is wrong with it (4xx) is the event's end, not the runtime's. */
    private static boolean accepted(String call, HttpConnection.Response response) throws IOException {
        if (response.status == 202) {
            return true;
        }
        if (response.status < 400 || response.status > 499) {
            throw refused(call, response);
        }
        System.err.println(refused(call, response).getMessage());
        return false;
    }

    private static IOException refused(String call, HttpConnection.Response response) {
        return new IOException(call + " was answered with status " + response.status + ": "
            + new String(response.body, java.nio.charset.StandardCharsets.UTF_8));
    }
}
