package thaw.runtime;

import com.amazonaws.services.lambda.runtime.Context;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import thaw.runtime.json.Binder;
import thaw.runtime.json.Bytes;
import thaw.runtime.json.Types;

/** A function that is a plain method taking an event, a context, both or neither. */
final class BoundMethod implements EventHandler {
    private final Object target;
    private final Method method;
    private final int parameters;
    private final boolean contextOnly;
    /** Null when the method takes no event. */
    private final Binder binder;
    private final Class<?> declared;

    /** @param target null for a static method */
    BoundMethod(Object target, Method method, Class<?> owner) {
        this.target = target;
        this.method = method;
        Type[] types = method.getGenericParameterTypes();
        parameters = types.length;
        contextOnly = parameters == 1 && types[0] == Context.class;
        binder = parameters > 0 && !contextOnly ? new Binder(Types.member(types[0], owner)) : null;
        declared = Types.raw(Types.member(method.getGenericReturnType(), owner));
    }

    @Override
    public void handle(byte[] event, Context context, Bytes answer) throws Throwable {
        Object[] arguments = new Object[parameters];
        if (parameters == 2 || contextOnly) {
            arguments[parameters - 1] = context;
        }
        if (binder != null) {
            arguments[0] = Answer.event(binder, event);
        }
        Object result;
        try {
            result = method.invoke(target, arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
        Answer.write(result, declared, answer);
    }
}
