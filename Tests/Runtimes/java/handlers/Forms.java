package handlers;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.KinesisEvent;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.Security;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** What AWS's runtime does with handlers' forms, types of java.time, events and declared types. */
public class Forms {
    public void output(OutputStream output) throws IOException {
        output.write("[1]".getBytes(StandardCharsets.UTF_8));
    }

    public void outputAndContext(OutputStream output, Context context) throws IOException {
        output.write(context.getFunctionVersion().getBytes(StandardCharsets.UTF_8));
    }

    public String input(InputStream input) throws IOException {
        return new String(input.readAllBytes(), StandardCharsets.UTF_8);
    }

    public String inputAndContext(InputStream input, Context context) {
        return "not told";
    }

    public String preferred(String one) {
        return "one";
    }

    public String preferred(Context context) {
        return "context";
    }

    public static class Times {
        public Instant instant;
        public OffsetDateTime offsetDateTime;
        public ZonedDateTime zonedDateTime;
        public LocalDate localDate;
        public LocalDateTime localDateTime;
        public LocalTime localTime;
        public OffsetTime offsetTime;
        public Duration duration;
        public Period period;
        public Year year;
        public YearMonth yearMonth;
        public MonthDay monthDay;
        public ZoneId zoneId;
        public Map<LocalDate, Integer> byDate;
    }

    public Times times(Times input) {
        return input;
    }

    /** What the zone was moved to. */
    public String zone(ZonedDateTime input) {
        return input.toString();
    }

    public static class Base {
        public int base = 1;
    }

    public static class Derived extends Base {
        public int derived = 2;
    }

    public interface Named {
        String getName();
    }

    public static class Behind implements Named {
        public String getName() {
            return "n";
        }

        public String getSecret() {
            return "s";
        }
    }

    public static class DeclaresBase implements RequestHandler<Object, Base> {
        public Base handleRequest(Object input, Context context) {
            return new Derived();
        }
    }

    public Named declaresInterface() {
        return new Behind();
    }

    public Object declaresObject() {
        return new Behind();
    }

    public List<Base> declaresList() {
        return List.of(new Derived());
    }

    public int nullInTreeSet(TreeSet<String> input) {
        return input.size();
    }

    public Object silent() {
        throw new IllegalStateException(new RuntimeException());
    }

    public Object mute() {
        throw new IllegalStateException();
    }

    public String negative() {
        return Security.getProperty("networkaddress.cache.negative.ttl");
    }

    public Map<String, Object> event(KinesisEvent event) {
        KinesisEvent.KinesisEventRecord only = event.getRecords().get(0);
        KinesisEvent.AttributeValue key = only.getKeys().get("id");
        return Map.of(
            "data", StandardCharsets.UTF_8.decode(only.getKinesis().getData()).toString(),
            "time", only.getKinesis().getApproximateArrivalTimestamp().getTime(), "arn", only.getEventSourceArn(),
            "name", only.getEventName(), "s", key.getS(), "null", key.getL().get(0).isNULL(), "bytes", key.getB().remaining(),
            "s3", only.getS3().getConfigurationId() + only.getS3().getSize());
    }

    public KinesisEvent.Record eventBack(KinesisEvent event) {
        return event.getRecords().get(0).getKinesis();
    }
}
