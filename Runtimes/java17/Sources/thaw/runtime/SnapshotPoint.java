package thaw.runtime;

import java.io.IOException;
import org.crac.Context;
import org.crac.Core;
import org.crac.Resource;
import org.crac.RestoreException;

/**
 * The step from an initialised function to a ready clone: hooks, the snapshot itself (inside
 * {@link RuntimeClient#restoreNext}), fresh randomness, hooks again. A failure is reported and ends the process.
 */
final class SnapshotPoint {
    private static final int EXIT_CODE = 64;

    private final RuntimeClient client;

    SnapshotPoint(RuntimeClient client) {
        this.client = client;
    }

    void pass() throws IOException {
        JdkState state = null;
        try {
            Core.getGlobalContext().beforeCheckpoint(null);
            HostNames.forget();
            state = new JdkState();
            Rehearsal.restore(state, Rehearsal.COMPILING);
            Quiet.awaitCompilers();
            Rehearsal.restore(state, Rehearsal.LINKING);
            Quiet.settle();
            System.out.flush();
            client.restoreNext();
        } catch (Throwable failure) {
            Fault fault = report(failure);
            client.failInit(fault, "Runtime.BeforeCheckpointError");
            System.exit(EXIT_CODE);
        }
        try {
            restored(state, Core.getGlobalContext());
        } catch (Throwable failure) {
            Fault fault = report(failure);
            client.failRestore(fault, "Runtime.AfterRestoreError");
            System.exit(EXIT_CODE);
        }
    }

    /** What a clone does before it asks for its first event. */
    static void restored(JdkState state, Context<Resource> hooks) throws IOException, RestoreException {
        state.reseed();
        hooks.afterRestore(null);
        System.out.flush();
    }

    private static Fault report(Throwable failure) {
        Fault fault = Fault.of(failure);
        FunctionLogger.shared().log(fault.text());
        return fault;
    }
}
