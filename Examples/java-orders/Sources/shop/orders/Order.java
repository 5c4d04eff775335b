package shop.orders;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** An order with its prices. */
public class Order {
    public long number;
    /** Differs between any two orders, also of two clones of one snapshot. */
    public String reference;
    public String customer;
    public List<Line> lines = new ArrayList<>();
    public BigDecimal net;
    public BigDecimal tax;
    public BigDecimal total;

    /** One priced line. */
    public static class Line {
        public String sku;
        public String name;
        public int quantity;
        public BigDecimal price;
        public BigDecimal sum;
    }
}
