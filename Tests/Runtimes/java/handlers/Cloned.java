package handlers;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a snapshot makes of a function: seen events, environment, generators. */
public class Cloned implements RequestHandler<Object, Object> {
    private static final List<Object> SEEN = new ArrayList<>();

    private final SecureRandom sha1 = seeded("SHA1PRNG");
    private final SecureRandom copy = copyOf(sha1);

    private static SecureRandom seeded(String algorithm) {
        try {
            SecureRandom generator = SecureRandom.getInstance(algorithm);
            generator.nextInt();
            if (!generator.getProvider().getName().equals("SUN") || !generator.getAlgorithm().equals(algorithm)) {
                throw new IllegalStateException(generator.getProvider() + " " + generator.getAlgorithm());
            }
            return generator;
        } catch (java.security.NoSuchAlgorithmException missing) {
            throw new IllegalStateException(missing);
        }
    }

    private static SecureRandom copyOf(SecureRandom generator) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            new ObjectOutputStream(bytes).writeObject(generator);
            return (SecureRandom) new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
        } catch (java.io.IOException | ClassNotFoundException failed) {
            throw new IllegalStateException(failed);
        }
    }

    @Override
    public Object handleRequest(Object event, Context context) {
        SEEN.add(List.of(String.valueOf(event), context.getAwsRequestId()));
        if ("fail".equals(event)) {
            throw new IllegalArgumentException("not this one");
        }
        return Map.of(
            "seen", SEEN, "environment", System.getenv(), "only", String.valueOf(System.getenv("ONLY_HERE")),
            "sameAsItsCopy", sha1.nextLong() == copy.nextLong());
    }
}
