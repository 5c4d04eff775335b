package org.crac;

import thaw.runtime.SnapshotResources;

/** The way to the one context that the runtime notifies. */
public class Core {
    private static final Context<Resource> GLOBAL = new SnapshotResources();

    private Core() {
    }

    public static Context<Resource> getGlobalContext() {
        return GLOBAL;
    }

    /** Always throws: the platform decides when a snapshot is taken, a function cannot. */
    public static final void checkpointRestore() throws CheckpointException, RestoreException {
        throw new UnsupportedOperationException();
    }
}
