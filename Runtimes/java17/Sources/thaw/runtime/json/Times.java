package thaw.runtime.json;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;

/**
 * The types of java.time in JSON as AWS's runtime is configured to: points in time and durations are seconds with nine decimals,
 * local dates and times arrays of their fields, the rest text. Each is read from that form and from ISO 8601.
 */
final class Times {
    private static final int NANO_DIGITS = 9;
    private static final int LONGEST_NUMBER = 40;

    private Times() {
    }

    /** A number, a list or text; null if that type is no matter of this class. */
    static Object tree(Object value) {
        if (value instanceof Instant) {
            return seconds(((Instant) value).getEpochSecond(), ((Instant) value).getNano());
        }
        if (value instanceof OffsetDateTime) {
            return seconds(((OffsetDateTime) value).toEpochSecond(), ((OffsetDateTime) value).getNano());
        }
        if (value instanceof ZonedDateTime) {
            return seconds(((ZonedDateTime) value).toEpochSecond(), ((ZonedDateTime) value).getNano());
        }
        if (value instanceof Duration) {
            return seconds(((Duration) value).getSeconds(), ((Duration) value).getNano());
        }
        if (value instanceof LocalDate) {
            return date((LocalDate) value);
        }
        if (value instanceof LocalDateTime) {
            List<Object> fields = date(((LocalDateTime) value).toLocalDate());
            fields.addAll(time(((LocalDateTime) value).toLocalTime()));
            return fields;
        }
        if (value instanceof LocalTime) {
            return time((LocalTime) value);
        }
        if (value instanceof OffsetTime) {
            List<Object> fields = time(((OffsetTime) value).toLocalTime());
            fields.add(((OffsetTime) value).getOffset().toString());
            return fields;
        }
        if (value instanceof Year) {
            return ((Year) value).getValue();
        }
        if (value instanceof YearMonth) {
            return List.of(((YearMonth) value).getYear(), ((YearMonth) value).getMonthValue());
        }
        return null;
    }

    private static BigDecimal seconds(long seconds, int nanos) {
        if (nanos != 0) {
            return BigDecimal.valueOf(seconds).add(BigDecimal.valueOf(nanos, NANO_DIGITS));
        }
        return seconds == 0 ? BigDecimal.ZERO.setScale(1) : BigDecimal.valueOf(seconds).setScale(NANO_DIGITS);
    }

    private static List<Object> date(LocalDate date) {
        List<Object> fields = new ArrayList<>();
        fields.add(date.getYear());
        fields.add(date.getMonthValue());
        fields.add(date.getDayOfMonth());
        return fields;
    }

    /** Fields that are zero are left out at the end. */
    private static List<Object> time(LocalTime time) {
        List<Object> fields = new ArrayList<>();
        fields.add(time.getHour());
        fields.add(time.getMinute());
        if (time.getSecond() > 0 || time.getNano() > 0) {
            fields.add(time.getSecond());
            if (time.getNano() > 0) {
                fields.add(time.getNano());
            }
        }
        return fields;
    }

    /** Whether the type is read from an array of its fields. */
    static boolean isOfFields(Class<?> type) {
        return type == LocalDate.class || type == LocalDateTime.class || type == LocalTime.class || type == OffsetTime.class
            || type == YearMonth.class;
    }

    /** A value of a type of fields from an array; null for an empty one. */
    static Object ofFields(List<?> fields, Class<?> type) throws JsonException {
        if (fields.isEmpty()) {
            return null;
        }
        try {
            if (type == LocalDate.class && fields.size() == 3) {
                return LocalDate.of(field(fields, 0), field(fields, 1), field(fields, 2));
            }
            if (type == LocalTime.class && fields.size() >= 2) {
                return time(fields, 0, fields.size());
            }
            if (type == LocalDateTime.class && fields.size() >= 5) {
                LocalDate date = LocalDate.of(field(fields, 0), field(fields, 1), field(fields, 2));
                return LocalDateTime.of(date, time(fields, 3, fields.size()));
            }
            int last = fields.size() - 1;
            if (type == OffsetTime.class && last >= 2 && fields.get(last) instanceof String) {
                return OffsetTime.of(time(fields, 0, last), ZoneOffset.of((String) fields.get(last)));
            }
            if (type == YearMonth.class && fields.size() == 2) {
                return YearMonth.of(field(fields, 0), field(fields, 1));
            }
        } catch (DateTimeException refused) {
            throw new JsonException(fields + " is not a " + type.getName(), refused);
        }
        throw new JsonException("cannot make a " + type.getName() + " of an array of " + fields.size() + " elements");
    }

    private static LocalTime time(List<?> fields, int from, int to) throws JsonException {
        if (to - from > 4) {
            throw new JsonException("a time has four fields at most");
        }
        int second = from + 2 < to ? field(fields, from + 2) : 0;
        return LocalTime.of(field(fields, from), field(fields, from + 1), second, from + 3 < to ? field(fields, from + 3) : 0);
    }

    private static int field(List<?> fields, int index) throws JsonException {
        Object field = fields.get(index);
        if (field instanceof Integer) {
            return (Integer) field;
        }
        throw new JsonException("a field of a date or time is not an integer");
    }

    /** A value from a number, or null if numbers are not for this type. */
    static Object ofNumber(Number number, Class<?> type) throws JsonException {
        try {
            if (type == Instant.class || type == Duration.class || type == OffsetDateTime.class || type == ZonedDateTime.class) {
                BigDecimal value = new BigDecimal(number.toString());
                if (value.precision() - (long) value.scale() > LONGEST_NUMBER) {
                    throw new DateTimeException("out of range");
                }
                long seconds = value.setScale(0, java.math.RoundingMode.FLOOR).longValueExact();
                int nanos = value.subtract(BigDecimal.valueOf(seconds)).movePointRight(NANO_DIGITS).intValue();
                return type == Duration.class ? Duration.ofSeconds(seconds, nanos) : at(Instant.ofEpochSecond(seconds, nanos), type);
            }
            if (number instanceof Integer || number instanceof Long) {
                if (type == LocalDate.class) {
                    return LocalDate.ofEpochDay(number.longValue());
                }
                if (type == Year.class) {
                    return Year.of(Math.toIntExact(number.longValue()));
                }
            }
            return null;
        } catch (DateTimeException | ArithmeticException refused) {
            throw new JsonException(number + " is not a " + type.getName(), refused);
        }
    }

    private static Object at(Instant instant, Class<?> type) {
        return type == Instant.class ? instant
            : type == OffsetDateTime.class ? instant.atOffset(ZoneOffset.UTC) : instant.atZone(ZoneId.of("UTC"));
    }

    /** A value from text, or null if its own parse method is right for this type. */
    static Object ofText(String given, Class<?> type) throws JsonException {
        String text = given.trim();
        boolean isPoint = type == Instant.class || type == OffsetDateTime.class || type == ZonedDateTime.class;
        if (isPoint && text.matches("[+-]?\\d+(\\.\\d+)?")) {
            return ofNumber(new BigDecimal(text), type);
        }
        if (isPoint) {
            // The zone that is written down is not kept: AWS's runtime moves it to UTC.
            Instant instant = DateTimeFormatter.ISO_ZONED_DATE_TIME.parse(zoned(text), Instant::from);
            return at(instant, type);
        }
        boolean withTime = text.length() > 10 && text.charAt(10) == 'T';
        String local = withTime && text.endsWith("Z") ? text.substring(0, text.length() - 1) : text;
        if (type == LocalDate.class && withTime) {
            return LocalDate.parse(local, DateTimeFormatter.ISO_LOCAL_DATE_TIME);
        }
        if (type == LocalDateTime.class) {
            return LocalDateTime.parse(local);
        }
        if (type == LocalTime.class && text.indexOf('T') >= 0) {
            return LocalTime.parse(text, DateTimeFormatter.ISO_LOCAL_DATE_TIME);
        }
        return null;
    }

    /** With a colon in the offset, which ISO 8601's basic form lacks. */
    private static String zoned(String text) {
        int length = text.length();
        return text.matches(".*[+-]\\d{4}") && text.indexOf('T') > 0
            ? text.substring(0, length - 2) + ":" + text.substring(length - 2) : text;
    }
}
