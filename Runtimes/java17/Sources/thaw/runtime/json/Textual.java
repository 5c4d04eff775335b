package thaw.runtime.json;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalAmount;
import java.util.Base64;
import java.util.Currency;
import java.util.Locale;
import java.util.Set;
import java.util.TimeZone;
import java.util.UUID;
import java.util.regex.Pattern;

/** Types that are one JSON string. */
final class Textual {
    private static final Set<Class<?>> READ = Set.of(UUID.class, URI.class, URL.class, Locale.class, Currency.class, Charset.class,
        Path.class, java.io.File.class, ZoneId.class, TimeZone.class, Pattern.class, Class.class, java.net.InetAddress.class,
        StringBuilder.class);
    private static final DateTimeFormatter DATE_KEY = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSxxx");
    /** Of AWS's events; the package comes with the function. */
    private static final String JODA = "org.joda.time.DateTime";

    private Textual() {
    }

    static boolean writes(Object value) {
        return value instanceof CharSequence || value instanceof Character || value instanceof UUID
            || value instanceof TemporalAccessor || value instanceof TemporalAmount || value instanceof URI
            || value instanceof URL || value instanceof Class || value instanceof Locale || value instanceof Currency
            || value instanceof Charset || value instanceof Path || value instanceof java.io.File
            || value instanceof ZoneId || value instanceof TimeZone || value instanceof ByteBuffer
            || value instanceof java.net.InetAddress || value instanceof Pattern || value.getClass().getName().equals(JODA);
    }

    /** Whether a type is read from text by {@link #parse}. */
    static boolean reads(Class<?> type) {
        return READ.contains(type) || type.getName().startsWith("java.time.") || type.getName().equals(JODA);
    }

    static String text(Object value) {
        if (value instanceof Class) {
            return ((Class<?>) value).getName();
        }
        if (value instanceof java.io.File) {
            return ((java.io.File) value).getAbsolutePath();
        }
        if (value instanceof TimeZone) {
            return ((TimeZone) value).getID();
        }
        if (value instanceof java.net.InetAddress) {
            return ((java.net.InetAddress) value).getHostAddress();
        }
        if (value instanceof ByteBuffer) {
            ByteBuffer rest = ((ByteBuffer) value).duplicate();
            byte[] bytes = new byte[rest.remaining()];
            rest.get(bytes);
            return Base64.getEncoder().encodeToString(bytes);
        }
        return value.toString();
    }

    /** A map key as a member name. */
    static String key(Object key) {
        if (key instanceof String) {
            return (String) key;
        }
        if (key instanceof Enum) {
            return ((Enum<?>) key).name();
        }
        if (key instanceof java.util.Date) {
            return DATE_KEY.format(((java.util.Date) key).toInstant().atOffset(ZoneOffset.UTC));
        }
        return text(key);
    }

    /** The value of type {@code type} that the text stands for. */
    static Object parse(String text, Class<?> type) throws JsonException {
        try {
            if (type == UUID.class) {
                return UUID.fromString(text);
            }
            if (type == URI.class) {
                return new URI(text);
            }
            if (type == URL.class) {
                return new URL(text);
            }
            if (type == Locale.class) {
                String[] parts = text.split("[-_]", 3);
                return new Locale(parts[0], parts.length > 1 ? parts[1] : "", parts.length > 2 ? parts[2] : "");
            }
            if (type == Currency.class) {
                return Currency.getInstance(text);
            }
            if (type == Charset.class) {
                return Charset.forName(text);
            }
            if (type == Path.class) {
                return Paths.get(text);
            }
            if (type == java.io.File.class) {
                return new java.io.File(text);
            }
            if (type == ZoneId.class) {
                return ZoneId.of(text);
            }
            if (type == TimeZone.class) {
                return TimeZone.getTimeZone(text);
            }
            if (type == Pattern.class) {
                return Pattern.compile(text);
            }
            if (type == Class.class) {
                return Class.forName(text, false, Thread.currentThread().getContextClassLoader());
            }
            if (type == java.net.InetAddress.class) {
                return java.net.InetAddress.getByName(text);
            }
            if (type.getName().startsWith("java.time.")) {
                Object read = Times.ofText(text, type);
                return read != null ? read : time(text.trim(), type);
            }
            if (type.getName().equals(JODA)) {
                return type.getMethod("parse", String.class).invoke(null, text);
            }
            return null;
        } catch (Exception refused) {
            throw new JsonException("\"" + text + "\" is not a " + type.getName(), refused);
        }
    }

    /** Every type of java.time that has a text form has {@code static T parse(CharSequence)} or {@code of(String)}. */
    private static Object time(String text, Class<?> type) throws Exception {
        for (Method method : type.getMethods()) {
            if (Modifier.isStatic(method.getModifiers()) && method.getName().equals("parse")
                && method.getParameterCount() == 1) {
                try {
                    return method.invoke(null, text);
                } catch (InvocationTargetException refused) {
                    throw refused.getCause() instanceof Exception ? (Exception) refused.getCause() : refused;
                }
            }
        }
        return null;
    }
}
