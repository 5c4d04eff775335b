package thaw.runtime;

/** A handler that cannot be used. */
final class HandlerException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Fault fault;

    HandlerException(Fault fault) {
        this.fault = fault;
    }

    Fault fault() {
        return fault;
    }
}
