package differential;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import thaw.runtime.json.Types;

/**
 * Documents for a type: mostly what fits, sometimes what nearly does, sometimes anything. Where an object is wanted there is no array
 * but one around it: the Jackson of Debian loses its place in others.
 */
class Documents {
    private static final int DEEPEST = 4;
    private static final String[] SCALARS = {
        "null", "true", "false", "0", "1", "-1", "7", "65", "127", "128", "255", "256", "-129", "32768", "2147483647", "2147483648",
        "-2147483649", "999999999999999999", "9223372036854775808", "1.0", "1.5", "-0.0", "1e3", "1.5e300", "1e-9", "0.1",
        "12345678901234567890.123456789", "3.4028236e38", "1700000000000", "1700000000", "\"\"", "\" \"", "\"a\"", "\"ab\"", "\"7\"", "\" 7 \"", "\"1.5\"",
        "\"1e2\"", "\"-0\"", "\"007\"", "\"true\"", "\"True\"", "\"FALSE\"", "\"null\"", "\"NaN\"", "\"Infinity\"", "\"RED\"", "\"red\"", "\"DARK_BLUE\"", "\"PINK\"", "\"1\"", "\"AAEC\"",
        "\"!\"", "\"2024-02-29\"", "\"2024-02-29T12:30:45.123Z\"", "\"2024-02-29T12:30:45+01:00\"", "\"2024-02-29T12:30:45.5+0100\"", "\"2024-02-29T12:30:45\"", "\"2024-02-29T12:30\"", "\"1700000000000\"",
        "\"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\"", "\"http://localhost/a\"", "\"de_CH\"", "\"en-US\"", "\"EUR\"", "\"UTC\"", "\"Europe/Zurich\"", "\"UTF-8\"",
        "\"/tmp/x\"", "\"java.lang.String\"", "\"\\u00fc\\ud83d\\ude00\\u2028\\u007f\\u0001\\\"\\\\\"",
    };
    private final Random random;

    Documents(Random random) {
        this.random = random;
    }

    String of(Type type, int depth) {
        int chance = random.nextInt(20);
        Class<?> raw = Types.raw(type);
        boolean isArray = raw.isArray() || Iterable.class.isAssignableFrom(raw);
        if (chance == 0 || depth > DEEPEST) {
            return isBean(raw) || isArray && isBean(element(type)) ? scalar() : any(depth);
        }
        if (chance == 1 && !isArray) {
            return "[" + (isBean(raw) ? bean(type, raw, depth) : of(type, depth + 1)) + "]";
        }
        if (raw.isArray()) {
            return raw == byte[].class || raw == char[].class ? scalar() : elements(raw.getComponentType(), depth);
        }
        if (Iterable.class.isAssignableFrom(raw) && raw != java.nio.file.Path.class) {
            return elements(Types.arguments(type, Iterable.class)[0], depth);
        }
        if (Map.class.isAssignableFrom(raw)) {
            Type[] members = Types.arguments(type, Map.class);
            List<String> texts = new ArrayList<>();
            for (int count = random.nextInt(4); count > 0; count--) {
                String label = (members[0] == String.class ? "\"k" + count + "\"" : string()) + ":";
                if (texts.stream().noneMatch(text -> text.startsWith(label))) {
                    texts.add(label + of(members[1], depth + 1));
                }
            }
            return "{" + String.join(",", texts) + "}";
        }
        if (raw == Object.class) {
            return any(depth);
        }
        return isBean(raw) ? bean(type, raw, depth) : scalar();
    }

    private static Class<?> element(Type type) {
        Class<?> raw = Types.raw(type);
        return raw.isArray() ? raw.getComponentType() : Types.raw(Types.arguments(type, Iterable.class)[0]);
    }

    private static boolean isBean(Class<?> raw) {
        return raw.getPackage() == Documents.class.getPackage() && !raw.isEnum();
    }

    private String elements(Type element, int depth) {
        List<String> texts = new ArrayList<>();
        for (int count = random.nextInt(4); count > 0; count--) {
            texts.add(of(element, depth + 1));
        }
        return random.nextInt(12) == 0 ? of(element, depth + 1) : "[" + String.join(",", texts) + "]";
    }

    private String bean(Type type, Class<?> raw, int depth) {
        List<String> texts = new ArrayList<>();
        for (Class<?> part = raw; part != null && part != Object.class; part = part.getSuperclass()) {
            for (Field field : part.getDeclaredFields()) {
                add(texts, spelled(field.getName()), Types.member(field.getGenericType(), type), depth);
            }
            for (Method method : part.getDeclaredMethods()) {
                if (method.getName().startsWith("set") && method.getParameterCount() == 1) {
                    String name = method.getName().substring(3);
                    name = random.nextBoolean() ? name : Character.toLowerCase(name.charAt(0)) + name.substring(1);
                    add(texts, name, Types.member(method.getGenericParameterTypes()[0], type), depth);
                }
            }
        }
        add(texts, "unknown", Object.class, depth);
        return "{" + String.join(",", texts) + "}";
    }

    /** Each name once: only Jackson looks at what a later member replaces. */
    private void add(List<String> texts, String name, Type type, int depth) {
        String label = "\"" + name + "\":";
        if (random.nextInt(3) > 0 && !name.contains("$") && texts.stream().noneMatch(text -> text.startsWith(label))) {
            texts.add(label + of(type, depth + 1));
        }
    }

    private String spelled(String name) {
        return random.nextInt(10) == 0 ? name.toUpperCase() : name;
    }

    private String any(int depth) {
        switch (depth > DEEPEST ? 0 : random.nextInt(8)) {
            case 1:
                return "[]";
            case 2:
                return "{}";
            case 3:
                return "[" + scalar() + "," + any(depth + 1) + "]";
            case 4:
                return "{\"a\":" + any(depth + 1) + ",\"sku\":" + scalar() + "}";
            case 5:
                return "[" + any(depth + 1) + "]";
            default:
                return scalar();
        }
    }

    private String scalar() {
        return SCALARS[random.nextInt(SCALARS.length)];
    }

    private String string() {
        while (true) {
            String text = scalar();
            if (text.startsWith("\"")) {
                return text;
            }
        }
    }
}
