package shop.orders;

import java.util.List;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Repository;

/** The orders that were placed. */
@Repository
public class OrderRepository {
    private final JdbcTemplate database;

    @Autowired
    public OrderRepository(JdbcTemplate database) {
        this.database = database;
    }

    /** Stores an order and gives it its number. */
    public void add(Order order) {
        order.number = database.queryForObject("select next value for order_number", Long.class);
        database.update("insert into placed_order (number, reference, customer, total) values (?, ?, ?, ?)",
            order.number, order.reference, order.customer, order.total);
        for (Order.Line line : order.lines) {
            database.update("insert into order_line (order_number, sku, quantity, net) values (?, ?, ?, ?)",
                order.number, line.sku, line.quantity, line.sum);
        }
    }

    public void remove(Order order) {
        database.update("delete from order_line where order_number = ?", order.number);
        database.update("delete from placed_order where number = ?", order.number);
    }

    public List<CategorySales> sales() {
        return database.query(
            "select c.name, sum(l.quantity), sum(l.net) from order_line l join product p on p.sku = l.sku"
                + " join category c on c.id = p.category_id group by c.name order by c.name",
            (row, index) -> {
                CategorySales sales = new CategorySales();
                sales.category = row.getString(1);
                sales.pieces = row.getInt(2);
                sales.net = row.getBigDecimal(3);
                return sales;
            });
    }
}
