package thaw.runtime;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.ref.WeakReference;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.SecureRandomSpi;
import java.security.Security;
import java.util.ArrayList;
import java.util.List;

/**
 * Every SecureRandom that keeps its state to itself, so that it can be given a new seed in a clone.
 *
 * <p>The JDK's own providers make these from a {@link Provider.Service}; in the services' place stand others that remember,
 * weakly, what they make. What they make, and the provider it says it is of, are the JDK's.
 */
final class SecureRandoms {
    private static final String TYPE = "SecureRandom";
    private static final String[] KEEPING_STATE = {"SHA1PRNG", "DRBG"};
    private static final List<WeakReference<SecureRandomSpi>> MADE = new ArrayList<>();

    private SecureRandoms() {
    }

    /** Remembers from now on. Call before the function's code is loaded. */
    static void watch() throws ReflectiveOperationException, NoSuchAlgorithmException {
        MethodHandle replace = Internals.lookup().findVirtual(
            Provider.class, "putService", MethodType.methodType(void.class, Provider.Service.class));
        // The only one of the JDK's providers that has any.
        Provider provider = Security.getProvider("SUN");
        for (String algorithm : KEEPING_STATE) {
            Provider.Service service = provider.getService(TYPE, algorithm);
            // A service looks only once whether its provider still has it: before its first use.
            service.newInstance(null);
            try {
                replace.invoke(provider, (Provider.Service) new Watched(provider, algorithm, service));
            } catch (Throwable refused) {
                throw new ReflectiveOperationException("cannot watch " + algorithm, refused);
            }
        }
    }

    /** Mixes fresh bytes of the kernel into every one that still lives. */
    static void reseed() throws java.io.IOException {
        SecureRandomSpi[] living;
        synchronized (MADE) {
            living = new SecureRandomSpi[MADE.size()];
            for (int index = 0; index < living.length; index++) {
                living[index] = MADE.get(index).get();
            }
        }
        for (SecureRandomSpi generator : living) {
            if (generator != null) {
                reseed(generator);
            }
        }
    }

    static void reseed(SecureRandomSpi generator) throws java.io.IOException {
        new Wrapped(generator).setSeed(Kernel.bytes());
    }

    /** A generator's implementation with the public methods put around it again. */
    private static final class Wrapped extends SecureRandom {
        private static final long serialVersionUID = 1L;

        Wrapped(SecureRandomSpi implementation) {
            super(implementation, null);
        }
    }

    private static final class Watched extends Provider.Service {
        private final Provider.Service original;

        Watched(Provider provider, String algorithm, Provider.Service original) {
            super(provider, TYPE, algorithm, original.getClassName(), null,
                java.util.Map.of("ThreadSafe", String.valueOf(original.getAttribute("ThreadSafe"))));
            this.original = original;
        }

        @Override
        public Object newInstance(Object parameter) throws NoSuchAlgorithmException {
            Object made = original.newInstance(parameter);
            if (made instanceof SecureRandomSpi generator) {
                synchronized (MADE) {
                    MADE.removeIf(reference -> reference.get() == null);
                    MADE.add(new WeakReference<>(generator));
                }
            }
            return made;
        }
    }
}
