package thaw.runtime;

import com.amazonaws.services.lambda.runtime.Context;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import thaw.runtime.json.Bytes;

/** A function that is a plain method taking an input and an output stream, and perhaps a context. */
final class StreamMethod implements EventHandler {
    private final Object target;
    private final Method method;

    /** @param target null for a static method */
    StreamMethod(Object target, Method method) {
        this.target = target;
        this.method = method;
    }

    @Override
    public void handle(byte[] event, Context context, Bytes answer) throws Throwable {
        OutputStream output = answer;
        try {
            if (method.getParameterCount() == 3) {
                method.invoke(target, Answer.stream(event), output, context);
            } else {
                method.invoke(target, Answer.stream(event), output);
            }
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
    }
}
