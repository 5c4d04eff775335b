package thaw.runtime;

import java.util.Map;

/** What {@link System#getenv()} gives. The JDK reads it once, when it starts. */
final class ProcessEnvironment {
    private ProcessEnvironment() {
    }

    /** Puts others in the place of all variables, for this JVM and for the processes it starts. */
    @SuppressWarnings("unchecked")
    static void replace(Map<String, String> variables) throws ReflectiveOperationException {
        Object readOnly = Internals.get(Class.forName("java.lang.ProcessEnvironment"), "theUnmodifiableEnvironment");
        Map<String, String> environment = (Map<String, String>) Internals.get(readOnly, "m");
        environment.clear();
        environment.putAll(variables);
    }
}
