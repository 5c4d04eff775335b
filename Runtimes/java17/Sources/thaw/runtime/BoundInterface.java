package thaw.runtime;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.lang.reflect.Type;
import thaw.runtime.json.Binder;
import thaw.runtime.json.Bytes;
import thaw.runtime.json.Types;

/** A function that implements RequestHandler. */
final class BoundInterface implements EventHandler {
    private final RequestHandler<Object, ?> handler;
    private final Binder binder;
    private final Class<?> declared;

    @SuppressWarnings("unchecked")
    BoundInterface(RequestHandler<?, ?> handler, Type input, Type output) {
        this.handler = (RequestHandler<Object, ?>) handler;
        this.binder = new Binder(input);
        this.declared = Types.raw(output);
    }

    @Override
    public void handle(byte[] event, Context context, Bytes answer) throws Throwable {
        Answer.write(handler.handleRequest(Answer.event(binder, event), context), declared, answer);
    }
}
