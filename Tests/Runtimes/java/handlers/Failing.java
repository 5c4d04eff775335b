package handlers;

import com.amazonaws.services.lambda.runtime.Context;
import java.util.HashMap;
import java.util.Map;

/** Handlers that fail, each in its way. */
public class Failing {
    public static class InStaticInitialiser {
        static {
            fail();
        }

        static void fail() {
            throw new IllegalStateException("static");
        }

        public void handle(Object input) {
        }
    }

    public static class InConstructor {
        public InConstructor() {
            throw new IllegalArgumentException("constructor");
        }

        public void handle(Object input) {
        }
    }

    public static class NoConstructor {
        public NoConstructor(int value) {
        }

        public void handle(Object input) {
        }
    }

    public Object throwing(Object input) {
        throw new IllegalStateException("outer", new NumberFormatException("inner"));
    }

    public Object checked(Object input) throws Exception {
        throw new java.io.IOException("checked \u20ac");
    }

    public Object stackOverflow(Object input) {
        return stackOverflow(input);
    }

    public Object cyclic(Object input) {
        Map<String, Object> map = new HashMap<>();
        map.put("self", map);
        return map;
    }

    public Object exiting(Object input) {
        System.exit(7);
        return null;
    }

    public Object withBrokenMessage(Object input) {
        throw new RuntimeException() {
            @Override
            public String getMessage() {
                throw new IllegalStateException();
            }
        };
    }

    public Object sometimes(Map<String, Object> input, Context context) {
        if (input.containsKey("fail")) {
            throw new RuntimeException("asked to");
        }
        return "fine";
    }

    public int ofInt(int input) {
        return input;
    }
}
