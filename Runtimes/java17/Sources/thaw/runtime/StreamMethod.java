package thaw.runtime;

import com.amazonaws.services.lambda.runtime.Context;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import thaw.runtime.json.Bytes;

/** A function that is a plain method taking an input stream, an output stream or both, and perhaps a context. */
final class StreamMethod implements EventHandler {
    private final Object target;
    private final Method method;
    private final Class<?>[] parameters;

    /** @param target null for a static method */
    StreamMethod(Object target, Method method) {
        this.target = target;
        this.method = method;
        parameters = method.getParameterTypes();
    }

    @Override
    public void handle(byte[] event, Context context, Bytes answer) throws Throwable {
        Object[] arguments = new Object[parameters.length];
        boolean writes = false;
        for (int index = 0; index < parameters.length; index++) {
            boolean isOutput = parameters[index] == OutputStream.class;
            writes |= isOutput;
            arguments[index] = isOutput ? answer : parameters[index] == InputStream.class ? Answer.stream(event) : context;
        }
        try {
            method.invoke(target, arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
        if (!writes) {
            // Whatever it returned: as on AWS.
            answer.ascii("null");
        }
    }
}
