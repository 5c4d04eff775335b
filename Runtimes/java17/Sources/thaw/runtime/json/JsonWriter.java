package thaw.runtime.json;

import java.lang.reflect.Array;
import java.util.Base64;
import java.util.Calendar;
import java.util.Date;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Writes any value as JSON in UTF-8, as AWS's Java runtime is configured to: members whose value is null are left
 * out (list elements are not), byte arrays are base64, dates are epoch milliseconds, enums are their names, objects
 * are written through their getters and public fields.
 */
public final class JsonWriter {
    private static final int DEEPEST = 1000;
    private static final char[] HEX = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

    private final Bytes out;
    private int depth;

    private JsonWriter(Bytes out) {
        this.out = out;
    }

    public static void write(Object value, Bytes out) throws JsonException {
        new JsonWriter(out).value(value);
    }

    /** @param declared the type as which it is written: of a class's object no more than that class or interface has */
    public static void write(Object value, Class<?> declared, Bytes out) throws JsonException {
        JsonWriter writer = new JsonWriter(out);
        if (value != null && declared != value.getClass() && declared.isInstance(value) && isBean(declared)) {
            writer.bean(value, Bean.of(declared));
        } else {
            writer.value(value);
        }
    }

    /** Whether objects of that type, subclasses' too, are written by their properties. */
    private static boolean isBean(Class<?> type) {
        return type != Object.class && !type.isEnum() && !type.isArray() && !Map.class.isAssignableFrom(type)
            && !Iterable.class.isAssignableFrom(type) && !Iterator.class.isAssignableFrom(type)
            && !Number.class.isAssignableFrom(type) && !type.getName().startsWith("java.");
    }

    private void value(Object value) throws JsonException {
        if (value == null) {
            out.ascii("null");
        } else if (value instanceof String) {
            string((String) value);
        } else if (value instanceof Number) {
            number((Number) value);
        } else if (value instanceof Boolean) {
            out.ascii(value.toString());
        } else {
            enter(value);
            compound(value);
            depth--;
        }
    }

    private void enter(Object value) throws JsonException {
        if (++depth > DEEPEST) {
            throw new JsonException("nested deeper than " + DEEPEST + " levels at " + value.getClass().getName()
                + ": does it refer to itself?");
        }
    }

    private void compound(Object value) throws JsonException {
        if (value instanceof Map) {
            object((Map<?, ?>) value);
        } else if (value instanceof Enum) {
            string(((Enum<?>) value).name());
        } else if (value instanceof Date) {
            out.ascii(Long.toString(((Date) value).getTime()));
        } else if (value instanceof Calendar) {
            out.ascii(Long.toString(((Calendar) value).getTimeInMillis()));
        } else if (value instanceof Optional) {
            value(((Optional<?>) value).orElse(null));
        } else if (value.getClass().getName().startsWith("java.time.") && Times.tree(value) != null) {
            value(Times.tree(value));
        } else if (Textual.writes(value)) {
            string(Textual.text(value));
        } else if (value instanceof AtomicBoolean) {
            out.ascii(value.toString());
        } else if (value instanceof AtomicReference) {
            value(((AtomicReference<?>) value).get());
        } else if (value instanceof Map.Entry) {
            object(java.util.Collections.singletonMap(((Map.Entry<?, ?>) value).getKey(), ((Map.Entry<?, ?>) value).getValue()));
        } else if (value instanceof Iterable) {
            elements(((Iterable<?>) value).iterator());
        } else if (value instanceof Iterator) {
            elements((Iterator<?>) value);
        } else if (value.getClass().isArray()) {
            array(value);
        } else {
            bean(value, Bean.of(value.getClass()));
        }
    }

    private void number(Number number) {
        boolean finite = !(number instanceof Double && !Double.isFinite(number.doubleValue()))
            && !(number instanceof Float && !Float.isFinite(number.floatValue()));
        if (finite) {
            out.ascii(number.toString());
        } else {
            string(number.toString());
        }
    }

    private void object(Map<?, ?> map) throws JsonException {
        out.write('{');
        boolean first = true;
        for (Map.Entry<?, ?> member : map.entrySet()) {
            if (member.getValue() == null) {
                continue;
            }
            if (member.getKey() == null) {
                throw new JsonException("a map with a null key cannot be written");
            }
            if (!first) {
                out.write(',');
            }
            first = false;
            string(Textual.key(member.getKey()));
            out.write(':');
            value(member.getValue());
        }
        out.write('}');
    }

    private void elements(Iterator<?> elements) throws JsonException {
        out.write('[');
        boolean first = true;
        while (elements.hasNext()) {
            if (!first) {
                out.write(',');
            }
            first = false;
            value(elements.next());
        }
        out.write(']');
    }

    private void array(Object array) throws JsonException {
        if (array instanceof byte[]) {
            string(Base64.getEncoder().encodeToString((byte[]) array));
            return;
        }
        if (array instanceof char[]) {
            string(new String((char[]) array));
            return;
        }
        out.write('[');
        int length = Array.getLength(array);
        for (int index = 0; index < length; index++) {
            if (index > 0) {
                out.write(',');
            }
            value(Array.get(array, index));
        }
        out.write(']');
    }

    private void bean(Object bean, Bean type) throws JsonException {
        out.write('{');
        boolean first = true;
        for (Bean.Source property : type.sources()) {
            Object value = property.value(bean);
            if (value == null) {
                continue;
            }
            if (!first) {
                out.write(',');
            }
            first = false;
            string(property.name);
            out.write(':');
            value(value instanceof Date && type.countsSeconds() ? (Object) (((Date) value).getTime() / 1000.0) : value);
        }
        out.write('}');
    }

    private void string(String text) {
        out.write('"');
        int length = text.length();
        for (int index = 0; index < length; index++) {
            char next = text.charAt(index);
            if (next < 0x20 || next == '"' || next == '\\') {
                escape(next);
            } else if (next < 0x80) {
                out.write(next);
            } else if (next < 0x800) {
                out.write(0xC0 | next >> 6);
                out.write(0x80 | next & 0x3F);
            } else if (!Character.isSurrogate(next)) {
                out.write(0xE0 | next >> 12);
                out.write(0x80 | next >> 6 & 0x3F);
                out.write(0x80 | next & 0x3F);
            } else if (Character.isHighSurrogate(next) && index + 1 < length
                && Character.isLowSurrogate(text.charAt(index + 1))) {
                int code = Character.toCodePoint(next, text.charAt(++index));
                out.write(0xF0 | code >> 18);
                out.write(0x80 | code >> 12 & 0x3F);
                out.write(0x80 | code >> 6 & 0x3F);
                out.write(0x80 | code & 0x3F);
            } else {
                unicodeEscape(next);
            }
        }
        out.write('"');
    }

    private void escape(char character) {
        switch (character) {
            case '"':
                out.ascii("\\\"");
                break;
            case '\\':
                out.ascii("\\\\");
                break;
            case '\n':
                out.ascii("\\n");
                break;
            case '\r':
                out.ascii("\\r");
                break;
            case '\t':
                out.ascii("\\t");
                break;
            case '\b':
                out.ascii("\\b");
                break;
            case '\f':
                out.ascii("\\f");
                break;
            default:
                unicodeEscape(character);
        }
    }

    private void unicodeEscape(char character) {
        out.ascii("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
            out.write(HEX[character >> shift & 0xF]);
        }
    }
}
