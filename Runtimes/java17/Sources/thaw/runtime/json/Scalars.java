package thaw.runtime.json;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.Calendar;
import java.util.Date;
import java.util.Map;
import java.util.TimeZone;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * Makes a value of a type that is one JSON scalar from a scalar, with the coercions that Jackson allows as AWS's runtime sets it up:
 * a differential test holds them.
 */
final class Scalars {
    private static final int LONGEST_NUMBER = 1000;

    private Scalars() {
    }

    /** Whether the type is always one scalar, so that an object is never right for it. */
    static boolean isScalar(Class<?> type) {
        return type.isPrimitive() || type.isEnum() || type == String.class || type == CharSequence.class || Number.class.isAssignableFrom(type)
            || type == Boolean.class || type == Character.class || type == Date.class || type == Calendar.class
            || type == AtomicBoolean.class || type == ByteBuffer.class || Textual.reads(type);
    }

    static Object convert(Object tree, Class<?> type) throws JsonException {
        if (tree instanceof Map) {
            throw mismatch(tree, type);
        }
        if (type == String.class || type == CharSequence.class) {
            return tree.toString();
        }
        if (type == boolean.class || type == Boolean.class || type == AtomicBoolean.class) {
            Boolean truth = truth(tree, type);
            return type != AtomicBoolean.class ? truth : truth == null ? null : new AtomicBoolean(truth);
        }
        if (type.isPrimitive() && type != char.class || Number.class.isAssignableFrom(type)) {
            return number(tree, type);
        }
        if (tree instanceof String) {
            return ofText((String) tree, type);
        }
        if (tree instanceof Number) {
            Object made = ofNumber((Number) tree, type);
            if (made != null || type.isEnum()) {
                return made;
            }
        }
        if (type != ByteBuffer.class && type != StringBuilder.class && Textual.reads(type)) {
            return Textual.parse(tree.toString(), type);
        }
        if (type == StringBuilder.class) {
            return new StringBuilder(tree.toString());
        }
        throw mismatch(tree, type);
    }

    static JsonException mismatch(Object tree, Class<?> type) {
        String found = tree instanceof Map ? "an object" : tree instanceof String ? "a string"
            : tree instanceof Number ? "a number" : tree instanceof Boolean ? "a boolean" : "an array";
        return new JsonException("cannot make a " + type.getName() + " of " + found);
    }

    /** Whether null in an array of one stands for null. */
    static boolean takesNullInArray(Class<?> type) {
        return type.isPrimitive() || Number.class.isAssignableFrom(type) && type != BigDecimal.class && type != BigInteger.class
            && type != Number.class || type == Boolean.class || type == Character.class || type == Date.class
            || type == Calendar.class || type == AtomicBoolean.class;
    }

    /** A member's name as a map's key. */
    static Object key(String name, Class<?> type) throws JsonException {
        if (type == Object.class || type == String.class || type == CharSequence.class) {
            return name;
        }
        if (type.isEnum()) {
            return named(name, type);
        }
        try {
            if (type == Integer.class || type == Short.class || type == Byte.class) {
                return sized(Integer.parseInt(name), type);
            }
            if (type == Long.class) {
                return Long.parseLong(name);
            }
            boolean isOdd = type == Boolean.class && !name.equals("true") && !name.equals("false")
                || type == Character.class && name.length() != 1;
            Object made = isOdd ? null : convert(name, type);
            if (made != null) {
                return made;
            }
        } catch (ArithmeticException | NumberFormatException refused) {
            throw new JsonException("\"" + shortened(name) + "\" is not a key of type " + type.getName());
        }
        throw new JsonException("\"" + shortened(name) + "\" is not a key of type " + type.getName());
    }

    private static Boolean truth(Object tree, Class<?> type) throws JsonException {
        if (tree instanceof Boolean) {
            return (Boolean) tree;
        }
        if (tree instanceof BigDecimal) {
            throw mismatch(tree, type);
        }
        if (tree instanceof Number) {
            return ((Number) tree).doubleValue() != 0;
        }
        String text = ((String) tree).trim();
        switch (text) {
            case "":
            case "null":
                return type.isPrimitive() ? Boolean.FALSE : null;
            case "true":
            case "True":
            case "TRUE":
                return true;
            case "false":
            case "False":
            case "FALSE":
                return false;
            default:
                throw new JsonException("\"" + shortened(text) + "\" is not a boolean");
        }
    }

    private static Object number(Object tree, Class<?> type) throws JsonException {
        if (tree instanceof Boolean) {
            throw mismatch(tree, type);
        }
        try {
            if (tree instanceof String) {
                return parsed(((String) tree).trim(), type);
            }
            return sized((Number) tree, type);
        } catch (ArithmeticException | NumberFormatException refused) {
            throw new JsonException("\"" + shortened(tree) + "\" is not in the range of " + type.getName());
        }
    }

    private static Object parsed(String text, Class<?> type) throws JsonException {
        if (text.isEmpty() || text.equals("null")) {
            return type.isPrimitive() ? sized(0, type) : null;
        }
        if (text.length() > LONGEST_NUMBER) {
            throw new NumberFormatException();
        }
        boolean isWhole = text.chars().skip(text.charAt(0) == '-' || text.charAt(0) == '+' ? 1 : 0).allMatch(Character::isDigit);
        if (type == double.class || type == Double.class || type == float.class || type == Float.class) {
            double value = text.equals("INF") ? Double.POSITIVE_INFINITY : text.equals("-INF") ? Double.NEGATIVE_INFINITY
                : Double.parseDouble(text);
            return type == double.class || type == Double.class ? (Object) value : (Object) Float.parseFloat(String.valueOf(value));
        }
        if (type == BigDecimal.class) {
            return new BigDecimal(text);
        }
        if (type == Number.class) {
            return isWhole ? sized(JsonReader.whole(text), type) : (Object) Double.valueOf(text);
        }
        if (!isWhole) {
            throw new NumberFormatException();
        }
        return sized(new BigInteger(text), type);
    }

    /** A number in another number's type; fractions are cut off, what does not fit is an ArithmeticException. */
    private static Object sized(Number value, Class<?> type) throws JsonException {
        if (type == int.class || type == Integer.class) {
            return value instanceof Integer ? value : (Object) Math.toIntExact(integer(value).longValueExact());
        }
        if (type == long.class || type == Long.class) {
            return integer(value).longValueExact();
        }
        if (type == double.class || type == Double.class) {
            return value.doubleValue();
        }
        if (type == float.class || type == Float.class) {
            return value.floatValue();
        }
        if (type == short.class || type == Short.class) {
            return integer(value).shortValueExact();
        }
        if (type == byte.class || type == Byte.class) {
            return unsigned(integer(value).intValueExact());
        }
        if (type == BigInteger.class) {
            return integer(value);
        }
        if (type == BigDecimal.class) {
            return new BigDecimal(value.toString());
        }
        if (type == AtomicInteger.class) {
            return new AtomicInteger(integer(value).intValueExact());
        }
        if (type == AtomicLong.class) {
            return new AtomicLong(integer(value).longValueExact());
        }
        if (type == Number.class) {
            return value instanceof BigDecimal ? (Object) value.doubleValue() : value;
        }
        throw mismatch(value, type);
    }

    /** A byte, signed or unsigned. */
    private static Byte unsigned(int value) {
        if (value < -128 || value > 255) {
            throw new ArithmeticException();
        }
        return (byte) value;
    }

    private static BigInteger integer(Number value) {
        if (value instanceof BigInteger) {
            return (BigInteger) value;
        }
        if (value instanceof BigDecimal) {
            BigDecimal decimal = (BigDecimal) value;
            if (decimal.precision() - (long) decimal.scale() > LONGEST_NUMBER) {
                throw new ArithmeticException();
            }
            return decimal.toBigInteger();
        }
        return BigInteger.valueOf(value.longValue());
    }

    private static Object ofText(String text, Class<?> type) throws JsonException {
        if (type == byte[].class) {
            return base64(text);
        }
        if (type == ByteBuffer.class) {
            return ByteBuffer.wrap(base64(text));
        }
        if (type == char[].class) {
            return text.toCharArray();
        }
        if (type == StringBuilder.class) {
            return new StringBuilder(text);
        }
        if (type == char.class || type == Character.class) {
            return letter(text, type);
        }
        if (type == Pattern.class && !text.isEmpty()) {
            return Textual.parse(text, type);
        }
        if (text.isBlank() && isScalar(type)) {
            return null;
        }
        if (type.isEnum()) {
            return constant(text.trim(), type);
        }
        if (type == Date.class) {
            return date(text.trim());
        }
        if (type == Calendar.class) {
            Date date = date(text.trim());
            return date == null ? null : calendar(date);
        }
        if (!Textual.reads(type)) {
            throw mismatch(text, type);
        }
        return Textual.parse(text.trim(), type);
    }

    private static Object letter(String text, Class<?> type) throws JsonException {
        if (text.length() == 1) {
            return text.charAt(0);
        }
        if (text.isBlank() || text.equals("null")) {
            return type == char.class ? (Object) '\0' : null;
        }
        throw new JsonException("\"" + shortened(text) + "\" is not one character");
    }

    /** Null if numbers are not for that type. */
    private static Object ofNumber(Number value, Class<?> type) throws JsonException {
        boolean isWhole = !(value instanceof BigDecimal) && !(value instanceof BigInteger);
        long whole = value.longValue();
        if (type == Date.class && isWhole) {
            return new Date(whole);
        }
        if (type == Calendar.class && isWhole) {
            return calendar(new Date(whole));
        }
        Object time = Times.ofNumber(value, type);
        if (time != null) {
            return time;
        }
        if (type.isEnum()) {
            if (!(value instanceof Integer)) {
                throw mismatch(value, type);
            }
            Object[] constants = type.getEnumConstants();
            return whole >= 0 && whole < constants.length ? constants[(int) whole] : null;
        }
        if ((type == char.class || type == Character.class) && isWhole && whole >= 0 && whole <= Character.MAX_VALUE) {
            return (char) whole;
        }
        return null;
    }

    /** As AWS's services write a point in time; none for what is no number. */
    static Date dateOfSeconds(Object tree) {
        double seconds = tree instanceof Number ? ((Number) tree).doubleValue() : 0;
        if (tree instanceof String && ((String) tree).matches("-?\\d{1,20}(\\.\\d*)?")) {
            seconds = Double.parseDouble((String) tree);
        }
        return seconds == 0 ? null : new Date((long) (seconds * 1000));
    }

    private static Calendar calendar(Date date) {
        Calendar calendar = Calendar.getInstance(TimeZone.getTimeZone("UTC"));
        calendar.setTime(date);
        return calendar;
    }

    /** By name, else by its position; null if there is none. */
    private static Object constant(String text, Class<?> type) {
        Object named = named(text, type);
        if (named != null || !text.matches("\\d{1,9}")) {
            return named;
        }
        Object[] constants = type.getEnumConstants();
        int position = Integer.parseInt(text);
        return position < constants.length ? constants[position] : null;
    }

    private static Object named(String name, Class<?> type) {
        for (Object constant : type.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(name)) {
                return constant;
            }
        }
        return null;
    }

    private static byte[] base64(String text) throws JsonException {
        try {
            String plain = text.chars().anyMatch(letter -> letter <= ' ') ? text.replaceAll("[\\x00- ]", "") : text;
            if (plain.length() % 4 != 0) {
                throw new IllegalArgumentException("its length is no multiple of four");
            }
            return Base64.getDecoder().decode(plain);
        } catch (IllegalArgumentException refused) {
            throw new JsonException("\"" + shortened(text) + "\" is not base64", refused);
        }
    }

    /** A date as ISO 8601 writes it, with or without time and zone, UTC where none is named; or milliseconds. */
    private static Date date(String text) throws JsonException {
        try {
            if (text.equals("null")) {
                return null;
            }
            if (text.matches("-?\\d{1,19}")) {
                return new Date(Long.parseLong(text));
            }
            String full = text.indexOf('T') < 0 ? text + "T00:00:00Z" : text;
            boolean zoned = full.endsWith("Z") || full.indexOf('+') > 0 || full.lastIndexOf('-') > full.indexOf('T');
            if (!zoned) {
                full += "Z";
            }
            int length = full.length();
            char sign = length > 5 ? full.charAt(length - 5) : ' ';
            if (sign == '+' || sign == '-') {
                full = full.substring(0, length - 2) + ":" + full.substring(length - 2);
            }
            return Date.from(OffsetDateTime.parse(full).toInstant());
        } catch (RuntimeException refused) {
            throw new JsonException("\"" + shortened(text) + "\" is not a date", refused);
        }
    }

    private static String shortened(Object value) {
        String text = String.valueOf(value);
        return text.length() > 60 ? text.substring(0, 60) + "..." : text;
    }
}
