package thaw.runtime;

import java.io.IOException;
import java.util.Map;
import thaw.runtime.json.JsonException;
import thaw.runtime.json.JsonReader;

/** A language runtime without a function: all that does not depend on one has run, then a function is asked for. */
final class Seed {
    private Seed() {
    }

    /** Waits until this process is told its function, and takes on its environment. */
    @SuppressWarnings("unchecked")
    static void becomeFunction(RuntimeClient client) throws IOException, ReflectiveOperationException, JsonException {
        JdkState state = new JdkState();
        Quiet.settle();
        byte[] answer = client.seedNext();
        Map<String, Object> function = (Map<String, Object>) JsonReader.read(answer, 0, answer.length, false);
        ProcessEnvironment.replace((Map<String, String>) function.get("environment"));
        // Whatever its generators began with is the same in all functions that start from it.
        state.reseed();
    }
}
