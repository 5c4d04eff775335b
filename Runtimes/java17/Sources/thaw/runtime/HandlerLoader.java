package thaw.runtime;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.Arrays;
import thaw.runtime.json.Types;

/**
 * Finds and makes the function's handler from its name: {@code package.Class} for a class that implements one of the
 * handler interfaces, {@code package.Class::method} for that or any public method that takes an event or streams, and
 * perhaps a context.
 */
final class HandlerLoader {
    private static final String INTERFACE_METHOD = "handleRequest";

    private final ClassLoader loader;

    HandlerLoader(ClassLoader loader) {
        this.loader = loader;
    }

    EventHandler load(String name) throws HandlerException {
        if (name == null || name.isEmpty()) {
            throw new HandlerException(
                Fault.of("Invalid handler: none is configured", "java.lang.RuntimeException", null));
        }
        int separator = name.lastIndexOf("::");
        if (separator == 0 || separator > 0 && separator + 2 == name.length()) {
            throw new HandlerException(
                Fault.of("Invalid handler: `" + name + "`", "java.lang.RuntimeException", null));
        }
        String method = separator < 0 ? null : name.substring(separator + 2);
        Class<?> type = type(separator < 0 ? name : name.substring(0, separator));
        boolean byInterface = method == null || method.equals(INTERFACE_METHOD);
        if (byInterface && RequestStreamHandler.class.isAssignableFrom(type)) {
            return new StreamInterface((RequestStreamHandler) make(type));
        }
        if (byInterface && RequestHandler.class.isAssignableFrom(type)) {
            Type[] types = Types.arguments(type, RequestHandler.class);
            return new BoundInterface((RequestHandler<?, ?>) make(type), types[0], types[1]);
        }
        if (method == null) {
            throw new HandlerException(Fault.of("Class does not implement an appropriate handler interface: "
                + type.getName(), "java.lang.RuntimeException", null));
        }
        return ofMethod(type, method);
    }

    private Class<?> type(String name) throws HandlerException {
        try {
            return Class.forName(name, true, loader);
        } catch (ClassNotFoundException missing) {
            throw new HandlerException(
                Fault.of("Class not found: " + name, "java.lang.ClassNotFoundException", missing));
        } catch (Throwable broken) {
            throw new HandlerException(loading("class " + name, broken));
        }
    }

    private static Object make(Class<?> type) throws HandlerException {
        if (Modifier.isAbstract(type.getModifiers())) {
            throw new HandlerException(Fault.of("Class " + type.getName()
                + " cannot be instantiated: it is abstract", "java.lang.InstantiationException", null));
        }
        try {
            Constructor<?> constructor = type.getConstructor();
            constructor.trySetAccessible();
            return constructor.newInstance();
        } catch (NoSuchMethodException none) {
            throw new HandlerException(Fault.of("Class " + type.getName()
                + " has no public zero-argument constructor", "java.lang.NoSuchMethodException", null));
        } catch (InvocationTargetException thrown) {
            throw new HandlerException(Fault.of(thrown.getCause()));
        } catch (Throwable broken) {
            throw new HandlerException(loading("class " + type.getName(), broken));
        }
    }

    private static Fault loading(String what, Throwable broken) {
        Throwable told = broken instanceof ExceptionInInitializerError && broken.getCause() != null
            ? broken.getCause() : broken;
        return Fault.of("Error loading " + what + ": " + Fault.describe(told), broken.getClass().getName(), broken);
    }

    private static EventHandler ofMethod(Class<?> type, String name) throws HandlerException {
        Method chosen = null;
        try {
            for (Method method : type.getMethods()) {
                if (method.getName().equals(name) && !method.isBridge() && isHandler(method)
                    && (chosen == null || isPreferred(method, chosen))) {
                    chosen = method;
                }
            }
        } catch (LinkageError broken) {
            throw new HandlerException(loading("method " + name + " on class " + type.getName(), broken));
        }
        if (chosen == null) {
            throw new HandlerException(Fault.of("No public method named " + name
                + " with appropriate method signature found on class " + type.getName(),
                "java.lang.NoSuchMethodException", null));
        }
        chosen.trySetAccessible();
        Object target = Modifier.isStatic(chosen.getModifiers()) ? null : make(type);
        return isStream(chosen) ? new StreamMethod(target, chosen) : new BoundMethod(target, chosen, type);
    }

    /** Whether the runtime knows what to pass for each parameter. */
    private static boolean isHandler(Method method) {
        Class<?>[] parameters = method.getParameterTypes();
        int last = parameters.length - 1;
        boolean endsWithContext = last >= 0 && parameters[last] == Context.class;
        switch (parameters.length) {
            case 0:
            case 1:
                return true;
            case 2:
                return endsWithContext && parameters[0] != Context.class || takes(parameters, InputStream.class, OutputStream.class);
            default:
                return takes(parameters, InputStream.class, OutputStream.class, Context.class);
        }
    }

    private static boolean takes(Class<?>[] parameters, Class<?>... wanted) {
        return Arrays.equals(parameters, wanted);
    }

    private static boolean isStream(Method method) {
        Class<?>[] parameters = method.getParameterTypes();
        return parameters.length > 0 && (parameters[0] == InputStream.class || parameters[0] == OutputStream.class);
    }

    /** Of several methods of one name, the one that takes more is meant, a context counted twice; then the one declared nearest. */
    private static boolean isPreferred(Method method, Method chosen) {
        int more = weight(method.getParameterTypes()) - weight(chosen.getParameterTypes());
        if (more != 0) {
            return more > 0;
        }
        Class<?> declarer = method.getDeclaringClass();
        return declarer != chosen.getDeclaringClass() && chosen.getDeclaringClass().isAssignableFrom(declarer);
    }

    private static int weight(Class<?>[] parameters) {
        int last = parameters.length - 1;
        return last >= 0 && parameters[last] == Context.class ? parameters.length + 1 : parameters.length;
    }
}
