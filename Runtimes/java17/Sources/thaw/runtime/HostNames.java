package thaw.runtime;

import java.net.InetAddress;
import java.security.Security;
import java.util.Collection;
import java.util.Map;
import thaw.runtime.Internals.Slot;

/** How long the JDK remembers what names stand for. */
final class HostNames {
    private static final String VARIABLE = "AWS_LAMBDA_JAVA_NETWORKADDRESS_CACHE_NEGATIVE_TTL";
    private static final String PROPERTY = "networkaddress.cache.negative.ttl";
    private static final String SECONDS = "1";

    private HostNames() {
    }

    /** Failures for a second, or for as long as the function's environment says, as on AWS. */
    static void limitFailures() throws ReflectiveOperationException {
        String seconds = System.getenv(VARIABLE);
        Security.setProperty(PROPERTY, seconds == null ? SECONDS : seconds);
        try {
            // The JDK reads the property once, which may have been before this process was told its environment.
            Slot policy = Internals.slot("sun.net.InetAddressCachePolicy", "negativeCachePolicy");
            policy.put(null, Integer.parseInt(Security.getProperty(PROPERTY)));
        } catch (NumberFormatException noNumber) {
            System.err.println(VARIABLE + " is no number of seconds: " + seconds);
        }
    }

    /** Forgets every host name looked up so far. A JDK that keeps them elsewhere keeps them: they expire in 30 s. */
    static void forget() {
        try {
            ((Map<?, ?>) Internals.get(InetAddress.class, "cache")).clear();
            ((Collection<?>) Internals.get(InetAddress.class, "expirySet")).clear();
        } catch (ReflectiveOperationException | ClassCastException differentJdk) {
            System.err.println("host names looked up so far stay cached: " + differentJdk);
        }
    }
}
