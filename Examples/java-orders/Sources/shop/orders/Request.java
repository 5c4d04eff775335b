package shop.orders;

import java.util.List;

/** An event: {@code {"action": "place", "customer": ..., "lines": [...]}} or {@code {"action": "report"}}. */
public class Request {
    public String action;
    public String customer;
    public List<Line> lines;

    /** How much of what. */
    public static class Line {
        public String sku;
        public int quantity;
    }
}
