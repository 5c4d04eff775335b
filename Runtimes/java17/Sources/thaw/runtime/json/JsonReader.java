package thaw.runtime.json;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads one JSON document (RFC 8259) from UTF-8 bytes into LinkedHashMap, ArrayList, String, Boolean, null and the
 * smallest of Integer, Long and BigInteger that holds an integer. Other numbers become Double, or BigDecimal when
 * asked to be exact. Of equal keys the last one wins.
 */
public final class JsonReader {
    private static final int DEEPEST = 1000;
    private static final int LONGEST_NUMBER = 1000;

    private final byte[] bytes;
    private final int end;
    private final boolean exact;
    private int position;
    private int depth;

    private JsonReader(byte[] bytes, int start, int end, boolean exact) {
        this.bytes = bytes;
        this.position = start;
        this.end = end;
        this.exact = exact;
    }

    /**
     * Reads a whole document. An empty one is null: the caller sent no event.
     *
     * @param exact whether numbers with a fraction or an exponent are kept as BigDecimal
     */
    public static Object read(byte[] bytes, int offset, int length, boolean exact) throws JsonException {
        JsonReader reader = new JsonReader(bytes, offset, offset + length, exact);
        reader.skipSpace();
        if (reader.position == reader.end) {
            return null;
        }
        Object value = reader.value();
        reader.skipSpace();
        if (reader.position != reader.end) {
            throw reader.problem("unexpected text after the document");
        }
        return value;
    }

    private Object value() throws JsonException {
        switch (peek()) {
            case '{':
                return object();
            case '[':
                return array();
            case '"':
                return string();
            case 't':
                word("true");
                return Boolean.TRUE;
            case 'f':
                word("false");
                return Boolean.FALSE;
            case 'n':
                word("null");
                return null;
            default:
                return number();
        }
    }

    private Map<String, Object> object() throws JsonException {
        Map<String, Object> object = new LinkedHashMap<>();
        enter();
        if (closes('}')) {
            return object;
        }
        while (true) {
            skipSpace();
            if (peek() != '"') {
                throw problem("expected a member name");
            }
            String name = string();
            skipSpace();
            if (peek() != ':') {
                throw problem("expected ':' after a member name");
            }
            position++;
            skipSpace();
            object.put(name, value());
            if (!another('}')) {
                return object;
            }
        }
    }

    private List<Object> array() throws JsonException {
        List<Object> array = new ArrayList<>();
        enter();
        if (closes(']')) {
            return array;
        }
        while (true) {
            skipSpace();
            array.add(value());
            if (!another(']')) {
                return array;
            }
        }
    }

    private void enter() throws JsonException {
        if (++depth > DEEPEST) {
            throw problem("nested deeper than " + DEEPEST + " levels");
        }
        position++;
    }

    /** Whether the container that was just entered closes at once. */
    private boolean closes(char closing) throws JsonException {
        skipSpace();
        if (peek() != closing) {
            return false;
        }
        position++;
        depth--;
        return true;
    }

    /** Steps over the comma or the closing bracket after an element: true for the comma. */
    private boolean another(char closing) throws JsonException {
        skipSpace();
        byte next = peek();
        if (next != ',' && next != closing) {
            throw problem("expected ',' or '" + closing + "'");
        }
        position++;
        if (next == closing) {
            depth--;
        }
        return next == ',';
    }

    /** Reads a string. Most are plain ASCII: those are copied in one go. */
    private String string() throws JsonException {
        int start = ++position;
        while (position < end) {
            byte next = bytes[position];
            if (next == '"') {
                String text = new String(bytes, start, position - start, StandardCharsets.ISO_8859_1);
                position++;
                return text;
            }
            if (next == '\\' || next < 0x20) {
                break;
            }
            position++;
        }
        position = start;
        return unplainString();
    }

    private String unplainString() throws JsonException {
        StringBuilder text = new StringBuilder();
        int plain = position;
        while (position < end) {
            byte next = bytes[position];
            if (next != '"' && next != '\\') {
                if (next >= 0 && next < 0x20) {
                    throw problem("control character in a string");
                }
                position++;
                continue;
            }
            text.append(new String(bytes, plain, position - plain, StandardCharsets.UTF_8));
            position++;
            if (next == '"') {
                return text.toString();
            }
            text.append(escape());
            plain = position;
        }
        throw problem("string without an end");
    }

    private char escape() throws JsonException {
        byte escape = peek();
        position++;
        switch (escape) {
            case '"':
            case '\\':
            case '/':
                return (char) escape;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                int code = 0;
                for (int digits = 0; digits < 4; digits++) {
                    int digit = Character.digit(peek(), 16);
                    if (digit < 0) {
                        throw problem("expected four hexadecimal digits");
                    }
                    code = code << 4 | digit;
                    position++;
                }
                return (char) code;
            default:
                position--;
                throw problem("unknown escape in a string");
        }
    }

    private Number number() throws JsonException {
        int start = position;
        boolean negative = peek() == '-';
        if (negative) {
            position++;
        }
        int first = position;
        long magnitude = digits();
        if (position - first > 1 && bytes[first] == '0') {
            position = first;
            throw problem("number with a leading zero");
        }
        boolean whole = true;
        if (position < end && bytes[position] == '.') {
            whole = false;
            position++;
            digits();
        }
        if (position < end && (bytes[position] | 0x20) == 'e') {
            whole = false;
            position++;
            if (position < end && (bytes[position] == '+' || bytes[position] == '-')) {
                position++;
            }
            digits();
        }
        if (position - start > LONGEST_NUMBER) {
            throw problem("number longer than " + LONGEST_NUMBER + " characters");
        }
        if (whole && position - first <= 18) {
            long value = negative ? -magnitude : magnitude;
            return value == (int) value ? (Number) Integer.valueOf((int) value) : (Number) Long.valueOf(value);
        }
        return longNumber(new String(bytes, start, position - start, StandardCharsets.ISO_8859_1), whole);
    }

    private Number longNumber(String text, boolean whole) throws JsonException {
        if (whole) {
            return whole(text);
        }
        if (!exact) {
            return Double.valueOf(text);
        }
        try {
            return new Written(text);
        } catch (NumberFormatException huge) {
            throw problem("exponent out of range");
        }
    }

    /** The smallest of Integer, Long and BigInteger that holds it. */
    static Number whole(String text) {
        BigInteger value = new BigInteger(text);
        if (value.bitLength() > 63) {
            return value;
        }
        long small = value.longValue();
        return small == (int) small ? (Number) Integer.valueOf((int) small) : (Number) Long.valueOf(small);
    }

    /** A number that stays as it was written where text is wanted. */
    private static final class Written extends BigDecimal {
        private static final long serialVersionUID = 1L;
        private final String text;

        Written(String text) {
            super(text);
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }

        /** Of its own zeros there are two. */
        @Override
        public double doubleValue() {
            return Double.parseDouble(text);
        }

        @Override
        public float floatValue() {
            return Float.parseFloat(text);
        }
    }

    /** Steps over one digit or more; their value is right when there are 18 or fewer. */
    private long digits() throws JsonException {
        int first = position;
        long value = 0;
        while (position < end && bytes[position] >= '0' && bytes[position] <= '9') {
            value = value * 10 + (bytes[position] - '0');
            position++;
        }
        if (position == first) {
            throw problem(position < end ? "unexpected character" : "unexpected end");
        }
        return value;
    }

    private void word(String word) throws JsonException {
        for (int index = 0; index < word.length(); index++) {
            if (peek() != word.charAt(index)) {
                throw problem("unexpected character");
            }
            position++;
        }
    }

    private byte peek() throws JsonException {
        if (position >= end) {
            throw problem("unexpected end");
        }
        return bytes[position];
    }

    private void skipSpace() {
        while (position < end) {
            byte next = bytes[position];
            if (next != ' ' && next != '\n' && next != '\r' && next != '\t') {
                return;
            }
            position++;
        }
    }

    private JsonException problem(String what) {
        int line = 1;
        int column = 1;
        for (int index = 0; index < position && index < end; index++) {
            column++;
            if (bytes[index] == '\n') {
                line++;
                column = 1;
            }
        }
        return new JsonException(what + " at line " + line + ", column " + column);
    }
}
