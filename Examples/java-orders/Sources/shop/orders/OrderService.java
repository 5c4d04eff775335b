package shop.orders;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.UUID;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Service;
import org.springframework.transaction.support.TransactionTemplate;

/** Prices and places orders. */
@Service
public class OrderService {
    private final ProductRepository products;
    private final OrderRepository orders;
    private final TransactionTemplate transaction;

    @Autowired
    public OrderService(ProductRepository products, OrderRepository orders, TransactionTemplate transaction) {
        this.products = products;
        this.orders = orders;
        this.transaction = transaction;
    }

    /** Places an order at the catalogue's prices: all of it or, if a product is unknown, nothing. */
    public Order place(String customer, List<Request.Line> lines) {
        if (lines == null || lines.isEmpty()) {
            throw new IllegalArgumentException("an order needs at least one line");
        }
        return transaction.execute(status -> {
            Order order = priced(customer, lines);
            order.reference = UUID.randomUUID().toString();
            orders.add(order);
            return order;
        });
    }

    public void cancel(Order order) {
        transaction.execute(status -> {
            orders.remove(order);
            return null;
        });
    }

    public List<CategorySales> report() {
        return orders.sales();
    }

    private Order priced(String customer, List<Request.Line> lines) {
        Order order = new Order();
        order.customer = customer;
        order.net = BigDecimal.ZERO;
        order.tax = BigDecimal.ZERO;
        for (Request.Line wanted : lines) {
            if (wanted.quantity < 1) {
                throw new IllegalArgumentException("a quantity of " + wanted.quantity + " cannot be ordered");
            }
            Product product = products.product(wanted.sku);
            Order.Line line = new Order.Line();
            line.sku = product.sku;
            line.name = product.name;
            line.quantity = wanted.quantity;
            line.price = product.price;
            line.sum = product.price.multiply(BigDecimal.valueOf(wanted.quantity));
            order.lines.add(line);
            order.net = order.net.add(line.sum);
            order.tax = order.tax.add(line.sum.multiply(product.taxRate));
        }
        order.tax = order.tax.setScale(2, RoundingMode.HALF_UP);
        order.total = order.net.add(order.tax);
        return order;
    }
}
