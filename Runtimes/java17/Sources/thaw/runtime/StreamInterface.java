package thaw.runtime;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import thaw.runtime.json.Bytes;

/** A function that implements RequestStreamHandler. */
final class StreamInterface implements EventHandler {
    private final RequestStreamHandler handler;

    StreamInterface(RequestStreamHandler handler) {
        this.handler = handler;
    }

    @Override
    public void handle(byte[] event, Context context, Bytes answer) throws Throwable {
        handler.handleRequest(Answer.stream(event), answer, context);
    }
}
