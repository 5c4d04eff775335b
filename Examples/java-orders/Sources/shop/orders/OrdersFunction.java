package shop.orders;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.crac.Core;
import org.crac.Resource;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * The function: a Spring application behind one handler. The application context starts once, when the function is
 * initialised; with SnapStart that is when a version is published.
 */
public class OrdersFunction implements RequestStreamHandler, Resource {
    /** The JVM compiles what has run 200 times. */
    private static final int REHEARSALS = 400;
    /** Where processors are emulated that many take long; the first ones matter most. */
    private static final long LIMIT_NANOSECONDS = 5_000_000_000L;

    private final AnnotationConfigApplicationContext application;
    private final ObjectMapper json;
    private final OrderService orders;
    private final Database database;
    private final long initialisedInMilliseconds;

    public OrdersFunction() {
        long begin = System.nanoTime();
        application = new AnnotationConfigApplicationContext("shop.orders");
        json = application.getBean(ObjectMapper.class);
        orders = application.getBean(OrderService.class);
        database = application.getBean(Database.class);
        initialisedInMilliseconds = (System.nanoTime() - begin) / 1_000_000;
        Core.getGlobalContext().register(this);
        System.out.println("application context with " + application.getBeanDefinitionCount() + " beans started in "
            + initialisedInMilliseconds + " ms");
    }

    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
        Request request = json.readValue(input, Request.class);
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
        json.writeValue(output, answer);
    }

    /** Walks the way of a request, so that clones find it warm, and gives up what must not be in a snapshot. */
    @Override
    public void beforeCheckpoint(org.crac.Context<? extends Resource> context) throws Exception {
        byte[] place = ("{\"action\":\"place\",\"customer\":\"nobody\",\"lines\":[{\"sku\":\"BOOK-01\",\"quantity\":1},"
            + "{\"sku\":\"TEA-02\",\"quantity\":2}]}").getBytes(StandardCharsets.UTF_8);
        byte[] report = "{\"action\":\"report\"}".getBytes(StandardCharsets.UTF_8);
        long begin = System.nanoTime();
        for (int round = 0; round < REHEARSALS && System.nanoTime() - begin < LIMIT_NANOSECONDS; round++) {
            // Each with a connection of its own, as the first request of a clone.
            database.undone(() -> {
                handleRequest(new ByteArrayInputStream(place), new ByteArrayOutputStream(), null);
                handleRequest(new ByteArrayInputStream(report), new ByteArrayOutputStream(), null);
            });
            database.disconnect();
            database.connect();
        }
        database.disconnect();
    }

    @Override
    public void afterRestore(org.crac.Context<? extends Resource> context) {
        database.connect();
    }
}
