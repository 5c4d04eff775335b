package com.amazonaws.services.lambda.runtime;

/** A function handler whose event and answer are bound from and to JSON by the runtime. */
public interface RequestHandler<I, O> {
    /** Answers one event. What it throws is reported to the caller as the function's error. */
    O handleRequest(I input, Context context);
}
