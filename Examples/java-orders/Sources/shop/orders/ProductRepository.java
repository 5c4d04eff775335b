package shop.orders;

import java.util.List;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Repository;

/** The catalogue. */
@Repository
public class ProductRepository {
    private final JdbcTemplate database;

    @Autowired
    public ProductRepository(JdbcTemplate database) {
        this.database = database;
    }

    /** The product of that number. Throws if the shop has none. */
    public Product product(String sku) {
        List<Product> found = database.query(
            "select p.sku, p.name, p.price, c.tax_rate from product p join category c on c.id = p.category_id"
                + " where p.sku = ?",
            (row, index) -> new Product(row.getString(1), row.getString(2), row.getBigDecimal(3), row.getBigDecimal(4)),
            sku);
        if (found.isEmpty()) {
            throw new IllegalArgumentException("no product has the number \"" + sku + "\"");
        }
        return found.get(0);
    }
}
