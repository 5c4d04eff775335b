package shop.orders;

import java.math.BigDecimal;

/** What was sold of one category of products. */
public class CategorySales {
    public String category;
    public int pieces;
    public BigDecimal net;
}
