package shop.orders;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * The function: a Spring application behind one handler. The application context starts once, when the function is
 * initialised; with SnapStart that is when a version is published.
 */
public class OrdersFunction implements RequestStreamHandler {
    /** The request id of the events that are handled before a snapshot, to warm what clones need. */
    private static final String PRIMING = "thaw-priming";

    private final AnnotationConfigApplicationContext application;
    private final ObjectMapper json;
    private final OrderService orders;
    private final long initialisedInMilliseconds;

    public OrdersFunction() {
        long begin = System.nanoTime();
        application = new AnnotationConfigApplicationContext("shop.orders");
        json = application.getBean(ObjectMapper.class);
        orders = application.getBean(OrderService.class);
        initialisedInMilliseconds = (System.nanoTime() - begin) / 1_000_000;
        System.out.println("application context with " + application.getBeanDefinitionCount() + " beans started in "
            + initialisedInMilliseconds + " ms");
    }

    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
        Request request = json.readValue(input, Request.class);
        if (context != null && PRIMING.equals(context.getAwsRequestId())) {
            prime(request, output);
        } else {
            json.writeValue(output, answer(request));
        }
    }

    /** Walks the way of both kinds of request, and takes out again what that placed. */
    private void prime(Request request, OutputStream output) throws IOException {
        Request report = new Request();
        report.action = "report";
        Answer placed = answer(request);
        json.writeValue(output, placed);
        json.writeValue(output, answer(report));
        orders.cancel(placed.order);
    }

    private Answer answer(Request request) {
        Answer answer = new Answer();
        answer.initializationType = System.getenv("AWS_LAMBDA_INITIALIZATION_TYPE");
        answer.initialisedInMilliseconds = initialisedInMilliseconds;
        if ("place".equals(request.action)) {
            answer.order = orders.place(request.customer, request.lines);
        } else if ("report".equals(request.action)) {
            answer.report = orders.report();
        } else {
            throw new IllegalArgumentException(
                "unknown action \"" + request.action + "\": say \"place\" or \"report\"");
        }
        return answer;
    }
}
