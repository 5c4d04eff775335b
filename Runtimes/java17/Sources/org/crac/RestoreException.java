package org.crac;

/** What went wrong in the hooks: one suppressed exception for each that failed. */
public class RestoreException extends Exception {
    private static final long serialVersionUID = 1L;

    public RestoreException() {
    }

    public RestoreException(String message) {
        super(message);
    }
}
