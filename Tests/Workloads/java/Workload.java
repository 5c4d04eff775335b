import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Beside each function in Java: calls its {@code use}, and tells which clone that was. */
public abstract class Workload {
    private static String clone;

    abstract List<String> use() throws Exception;

    public Map<String, Object> handle(Map<String, Object> event) throws Exception {
        if (clone == null) {
            clone = UUID.randomUUID().toString();
        }
        List<String> unique = use();
        // So that two at once are two clones.
        Thread.sleep(((Number) event.getOrDefault("hold", 0)).longValue());
        return Map.of("clone", clone, "unique", unique);
    }
}
