package org.crac;

/** Something that wants to know when the process is frozen and when it runs again. */
public interface Resource {
    /** Called before the snapshot. An exception stops the snapshot from being taken. */
    void beforeCheckpoint(Context<? extends Resource> context) throws Exception;

    /** Called in every clone, before it serves anything. An exception ends the clone. */
    void afterRestore(Context<? extends Resource> context) throws Exception;
}
