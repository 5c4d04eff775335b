package org.crac;

/** What went wrong in the hooks: one suppressed exception for each that failed. */
public class CheckpointException extends Exception {
    private static final long serialVersionUID = 1L;

    public CheckpointException() {
    }

    public CheckpointException(String message) {
        super(message);
    }
}
