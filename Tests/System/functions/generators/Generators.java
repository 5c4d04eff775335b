import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Draws from every generator of Java that a function may have used before its snapshot. */
public class Generators {
    private static final String[] ALGORITHMS = {
        "L32X64MixRandom", "L64X128MixRandom", "L64X128StarStarRandom", "L64X256MixRandom", "L64X1024MixRandom",
        "L128X128MixRandom", "L128X256MixRandom", "L128X1024MixRandom", "Xoroshiro128PlusPlus", "Xoshiro256PlusPlus",
    };
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
        fresh.put("StrictMath.random", StrictMath::random);
        fresh.put("ThreadLocalRandom", () -> ThreadLocalRandom.current().nextLong());
        fresh.put("new Random()", () -> new Random().nextLong());
        fresh.put("new SplittableRandom()", () -> new SplittableRandom().nextLong());
        fresh.put("RandomGenerator.getDefault", () -> RandomGenerator.getDefault().nextLong());
        for (String algorithm : ALGORITHMS) {
            fresh.put("RandomGenerator.of " + algorithm, () -> RandomGenerator.of(algorithm).nextLong());
        }
        fresh.put("Collections.shuffle", Generators::shuffled);
        Random own = new Random();
        copied.put("java.util.Random made in init", own::nextLong);
        SplittableRandom splittable = new SplittableRandom();
        copied.put("SplittableRandom made in init", splittable::nextLong);
        draw(fresh);
        draw(copied);
    }

    private static List<Integer> shuffled() {
        List<Integer> numbers = IntStream.range(0, 50).boxed().collect(Collectors.toCollection(ArrayList::new));
        Collections.shuffle(numbers);
        return numbers;
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
