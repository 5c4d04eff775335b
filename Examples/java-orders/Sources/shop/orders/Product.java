package shop.orders;

import java.math.BigDecimal;

/** A product of the catalogue. */
public class Product {
    public final String sku;
    public final String name;
    public final BigDecimal price;
    public final BigDecimal taxRate;

    public Product(String sku, String name, BigDecimal price, BigDecimal taxRate) {
        this.sku = sku;
        this.name = name;
        this.price = price;
        this.taxRate = taxRate;
    }
}
