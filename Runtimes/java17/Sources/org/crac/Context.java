package org.crac;

/** An ordered set of resources that are told about snapshots together. */
public abstract class Context<R extends Resource> implements Resource {
    protected Context() {
    }

    @Override
    public abstract void beforeCheckpoint(Context<? extends Resource> context) throws CheckpointException;

    @Override
    public abstract void afterRestore(Context<? extends Resource> context) throws RestoreException;

    /** Adds a resource. It is held weakly: the caller must keep it reachable. */
    public abstract void register(R resource);
}
