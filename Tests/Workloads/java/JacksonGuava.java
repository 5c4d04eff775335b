import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.cache.CacheBuilder;
import com.google.common.cache.CacheLoader;
import com.google.common.cache.LoadingCache;
import com.google.common.util.concurrent.ListeningExecutorService;
import com.google.common.util.concurrent.MoreExecutors;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import org.apache.commons.lang3.RandomStringUtils;

/** A warm mapper, a cache and an executor with its threads. */
public class JacksonGuava extends Workload {
    private final ObjectMapper mapper = new ObjectMapper();
    private final LoadingCache<Integer, String> cache =
            CacheBuilder.newBuilder().maximumSize(100).build(CacheLoader.from(key -> "value " + key));
    private final ListeningExecutorService executor = MoreExecutors.listeningDecorator(Executors.newFixedThreadPool(3));

    public JacksonGuava() throws Exception {
        RandomStringUtils.randomAlphanumeric(8);
        for (int i = 0; i < 200; i++) {
            mapper.readValue(mapper.writeValueAsString(Map.of("key", cache.get(i))), Map.class);
        }
        executor.submit(() -> 1).get();
    }

    @Override
    List<String> use() throws Exception {
        String text = executor.submit(() -> mapper.writeValueAsString(Map.of("key", cache.get(199)))).get();
        if (!text.equals("{\"key\":\"value 199\"}")) {
            throw new IllegalStateException(text);
        }
        return List.of(RandomStringUtils.randomAlphanumeric(16));
    }
}
