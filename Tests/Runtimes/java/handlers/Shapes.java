package handlers;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One handler of each shape a function can have. */
public class Shapes {
    public static class OfMap implements RequestHandler<Map<String, Object>, Map<String, Object>> {
        public Map<String, Object> handleRequest(Map<String, Object> input, Context context) {
            return input;
        }
    }

    public static class Raw implements RequestHandler {
        public Object handleRequest(Object input, Context context) {
            return List.of(input == null ? "nothing" : input.getClass().getSimpleName());
        }
    }

    public static class OfString implements RequestHandler<String, String> {
        public String handleRequest(String input, Context context) {
            return input == null ? null : input + "!";
        }
    }

    public static class OfInteger implements RequestHandler<Integer, Integer> {
        public Integer handleRequest(Integer input, Context context) {
            return input + 1;
        }
    }

    public static class OfListOfBeans implements RequestHandler<List<Order>, Integer> {
        public Integer handleRequest(List<Order> input, Context context) {
            int sum = 0;
            for (Order order : input) {
                sum += order.getQuantity();
            }
            return sum;
        }
    }

    public enum Colour { RED, GREEN }

    public static class Item {
        public String sku;
        public int amount;
        private String hidden = "kept to itself";
    }

    public static class Order {
        private String orderId;
        private int quantity;
        private Long big;
        private BigDecimal price;
        private boolean express;
        private Colour colour;
        private Date placed;
        private Instant seen;
        private byte[] blob;
        private List<Item> items;
        private Map<Colour, Item> byColour;
        private Set<String> tags;
        private Item[] array;
        private Object any;
        private Optional<String> note = Optional.empty();

        public String getOrderId() { return orderId; }
        public void setOrderId(String value) { orderId = value; }
        public int getQuantity() { return quantity; }
        public void setQuantity(int value) { quantity = value; }
        public Long getBig() { return big; }
        public void setBig(Long value) { big = value; }
        public BigDecimal getPrice() { return price; }
        public void setPrice(BigDecimal value) { price = value; }
        public boolean isExpress() { return express; }
        public void setExpress(boolean value) { express = value; }
        public Colour getColour() { return colour; }
        public void setColour(Colour value) { colour = value; }
        public Date getPlaced() { return placed; }
        public void setPlaced(Date value) { placed = value; }
        public Instant getSeen() { return seen; }
        public void setSeen(Instant value) { seen = value; }
        public byte[] getBlob() { return blob; }
        public void setBlob(byte[] value) { blob = value; }
        public List<Item> getItems() { return items; }
        public void setItems(List<Item> value) { items = value; }
        public Map<Colour, Item> getByColour() { return byColour; }
        public void setByColour(Map<Colour, Item> value) { byColour = value; }
        public Set<String> getTags() { return tags; }
        public void setTags(Set<String> value) { tags = value; }
        public Item[] getArray() { return array; }
        public void setArray(Item[] value) { array = value; }
        public Object getAny() { return any; }
        public void setAny(Object value) { any = value; }
        public Optional<String> getNote() { return note; }
        public void setNote(Optional<String> value) { note = value; }
        public String getURLOfOrder() { return "u"; }
    }

    public static class OfBean implements RequestHandler<Order, Order> {
        public Order handleRequest(Order input, Context context) {
            return input;
        }
    }

    public record Point(int x, double y, List<Point> next) { }

    public static class OfRecord implements RequestHandler<Point, Point> {
        public Point handleRequest(Point input, Context context) {
            return input;
        }
    }

    public static class Envelope<T> {
        public T body;
        public List<T> more;
    }

    /** The types come through two generic ancestors. */
    public abstract static class Middle<A, B> implements RequestHandler<Envelope<B>, A> { }

    public static class OfGenerics extends Middle<String, Item> {
        public String handleRequest(Envelope<Item> input, Context context) {
            return input.body.sku + input.more.get(0).sku;
        }
    }

    public static class Stream implements RequestStreamHandler {
        public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
            byte[] bytes = input.readAllBytes();
            for (int index = bytes.length - 1; index >= 0; index--) {
                output.write(bytes[index]);
            }
        }
    }

    public String inputOnly(Map<String, String> input) {
        return input.get("name");
    }

    public String inputAndContext(Item input, Context context) {
        return input.sku + context.getFunctionVersion();
    }

    public String contextOnly(Context context) {
        return context.getAwsRequestId();
    }

    public int nothing() {
        return 42;
    }

    public static double ofStatic(double input) {
        return input / 2;
    }

    public void returnsNothing(Object input) {
    }

    public void streams(InputStream input, OutputStream output) throws IOException {
        input.transferTo(output);
    }

    public void streamsAndContext(InputStream input, OutputStream output, Context context) throws IOException {
        output.write(("\"" + context.getFunctionName() + "\"").getBytes());
    }

    public String overloaded(String input) {
        return "one";
    }

    public String overloaded(String input, Context context) {
        return "two";
    }

    public String ofText(String input) {
        return input;
    }

    public Object ofContext(Object input, Context context) {
        context.getLogger().log("logged without a line end");
        System.out.print("printed without a line end");
        return Map.ofEntries(
            Map.entry("arn", context.getInvokedFunctionArn()), Map.entry("memory", context.getMemoryLimitInMB()),
            Map.entry("remaining", context.getRemainingTimeInMillis() > 1000),
            Map.entry("identity", context.getIdentity().getIdentityId()),
            Map.entry("title", context.getClientContext().getClient().getAppTitle()),
            Map.entry("custom", context.getClientContext().getCustom()),
            Map.entry("trace", System.getProperty("com.amazonaws.xray.traceHeader")),
            Map.entry("zone", java.util.TimeZone.getDefault().getID()),
            Map.entry("charset", java.nio.charset.Charset.defaultCharset().name()));
    }
}
