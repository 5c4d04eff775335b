package thaw.runtime.json;

import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.Calendar;
import java.util.Date;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Makes a value of a type that is one JSON scalar from a scalar, with the coercions Jackson allows by default. */
final class Scalars {
    private Scalars() {
    }

    /** Whether the type is always one scalar, so that an object is never right for it. */
    static boolean isScalar(Class<?> type) {
        return type.isPrimitive() || type.isEnum() || type == String.class || Number.class.isAssignableFrom(type)
            || type == Boolean.class || type == Character.class || type == Date.class;
    }

    static Object convert(Object tree, Class<?> type) throws JsonException {
        if (tree instanceof Map) {
            throw mismatch(tree, type);
        }
        if (type == String.class || type == CharSequence.class) {
            return tree.toString();
        }
        if (type == boolean.class || type == Boolean.class) {
            return truth(tree, type);
        }
        if (type.isPrimitive() && type != char.class || Number.class.isAssignableFrom(type)) {
            return number(tree, type);
        }
        if (tree instanceof String) {
            return ofText((String) tree, type);
        }
        if (tree instanceof Number) {
            return ofNumber((Number) tree, type);
        }
        if (type == AtomicBoolean.class) {
            return new AtomicBoolean((Boolean) tree);
        }
        throw mismatch(tree, type);
    }

    static JsonException mismatch(Object tree, Class<?> type) {
        String found = tree instanceof Map ? "an object" : tree instanceof String ? "a string"
            : tree instanceof Number ? "a number" : tree instanceof Boolean ? "a boolean" : "an array";
        return new JsonException("cannot make a " + type.getName() + " of " + found);
    }

    private static Object truth(Object tree, Class<?> type) throws JsonException {
        if (tree instanceof Boolean) {
            return tree;
        }
        if (tree instanceof Number) {
            return ((Number) tree).doubleValue() != 0;
        }
        String text = ((String) tree).trim();
        if (text.isEmpty()) {
            return type.isPrimitive() ? Boolean.FALSE : null;
        }
        if (text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false")) {
            return text.equalsIgnoreCase("true");
        }
        throw new JsonException("\"" + text + "\" is not a boolean");
    }

    private static Object number(Object tree, Class<?> type) throws JsonException {
        Object value = tree;
        if (value instanceof Boolean) {
            throw mismatch(tree, type);
        }
        try {
            if (value instanceof String) {
                String text = ((String) value).trim();
                if (text.isEmpty()) {
                    return type.isPrimitive() ? sized(0, type) : null;
                }
                boolean word = !Character.isDigit(text.charAt(text.length() - 1));
                if (word && (type == double.class || type == Double.class)) {
                    return Double.valueOf(text);
                }
                value = text.length() > 1000 ? null : new BigDecimal(text);
            }
            if (value == null) {
                throw new NumberFormatException();
            }
            return sized((Number) value, type);
        } catch (ArithmeticException | NumberFormatException refused) {
            throw new JsonException("\"" + shortened(tree) + "\" is not in the range of " + type.getName());
        }
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
            return value instanceof BigDecimal ? value : (Object) new BigDecimal(value.toString());
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
            if (decimal.precision() - (long) decimal.scale() > 1000) {
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
        if (type == char[].class) {
            return text.toCharArray();
        }
        if (text.isEmpty()) {
            return type == char.class ? (Object) '\0' : null;
        }
        if (type.isEnum()) {
            return constant(text, type);
        }
        if (type == char.class || type == Character.class) {
            if (text.length() != 1) {
                throw new JsonException("\"" + shortened(text) + "\" is not one character");
            }
            return text.charAt(0);
        }
        if (type == Date.class) {
            return date(text);
        }
        Object parsed = Textual.parse(text, type);
        return parsed != null ? parsed : constructed(text, String.class, type);
    }

    private static Object ofNumber(Number value, Class<?> type) throws JsonException {
        long whole = value.longValue();
        if (type == Date.class) {
            return new Date(whole);
        }
        if (type == Calendar.class) {
            Calendar calendar = Calendar.getInstance();
            calendar.setTimeInMillis(whole);
            return calendar;
        }
        if (type == Instant.class) {
            return Instant.ofEpochMilli(new BigDecimal(value.toString()).movePointRight(3).longValue());
        }
        if (type.isEnum()) {
            Object[] constants = type.getEnumConstants();
            return whole >= 0 && whole < constants.length ? constants[(int) whole] : null;
        }
        if (type == char.class || type == Character.class) {
            return (char) whole;
        }
        throw mismatch(value, type);
    }

    private static Object constant(String name, Class<?> type) {
        for (Object constant : type.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(name)) {
                return constant;
            }
        }
        return null;
    }

    private static byte[] base64(String text) throws JsonException {
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException refused) {
            throw new JsonException("\"" + shortened(text) + "\" is not base64", refused);
        }
    }

    /** A date as ISO 8601 writes it, with or without time and zone; UTC where none is named. */
    private static Date date(String text) throws JsonException {
        try {
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

    /** A value made by the public constructor that takes one string. */
    private static Object constructed(Object value, Class<?> parameter, Class<?> type) throws JsonException {
        try {
            Constructor<?> constructor = type.getConstructor(parameter);
            if (!Modifier.isAbstract(type.getModifiers())) {
                return constructor.newInstance(value);
            }
        } catch (ReflectiveOperationException refused) {
            throw mismatch(value, type);
        }
        throw mismatch(value, type);
    }

    private static String shortened(Object value) {
        String text = String.valueOf(value);
        return text.length() > 60 ? text.substring(0, 60) + "..." : text;
    }
}
