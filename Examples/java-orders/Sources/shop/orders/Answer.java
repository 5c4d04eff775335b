package shop.orders;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/** What the function answers, and how the sandbox that answers was initialised. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public class Answer {
    public Order order;
    public List<CategorySales> report;
    public String initializationType;
    public long initialisedInMilliseconds;
}
