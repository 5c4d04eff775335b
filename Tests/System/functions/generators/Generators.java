import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;

/** Draws from every generator of Java that a function may have used before its snapshot. */
public class Generators {
    private final Map<String, Callable<Object>> fresh = new LinkedHashMap<>();
    private final Map<String, Callable<Object>> copied = new LinkedHashMap<>();

    public Generators() throws Exception {
        for (String algorithm : new String[] {"SHA1PRNG", "DRBG", "NativePRNG", "NativePRNGNonBlocking"}) {
            SecureRandom made = SecureRandom.getInstance(algorithm);
            fresh.put("SecureRandom " + algorithm + " made in init", made::nextLong);
            fresh.put("SecureRandom " + algorithm, () -> SecureRandom.getInstance(algorithm).nextLong());
        }
        SecureRandom standard = new SecureRandom();
        fresh.put("new SecureRandom() made in init", standard::nextLong);
        fresh.put("UUID.randomUUID", UUID::randomUUID);
        fresh.put("Math.random", Math::random);
        fresh.put("ThreadLocalRandom", () -> ThreadLocalRandom.current().nextLong());
        Random own = new Random();
        copied.put("java.util.Random made in init", own::nextLong);
        SplittableRandom splittable = new SplittableRandom();
        copied.put("SplittableRandom made in init", splittable::nextLong);
        draw(fresh);
        draw(copied);
    }

    private static Map<String, String> draw(Map<String, Callable<Object>> draws) throws Exception {
        Map<String, String> drawn = new LinkedHashMap<>();
        for (Map.Entry<String, Callable<Object>> entry : draws.entrySet()) {
            drawn.put(entry.getKey(), String.valueOf(entry.getValue().call()));
        }
        return drawn;
    }

    public Map<String, Object> handle(Map<String, Integer> event) throws Exception {
        Thread.sleep(1000L * event.get("hold"));
        return Map.of("fresh", draw(fresh), "copied", draw(copied));
    }
}
