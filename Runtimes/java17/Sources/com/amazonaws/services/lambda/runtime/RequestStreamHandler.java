package com.amazonaws.services.lambda.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** A function handler that reads the event's bytes and writes the answer's bytes itself. */
public interface RequestStreamHandler {
    /** Answers one event. The answer is what was written to {@code output} when this returns. */
    void handleRequest(InputStream input, OutputStream output, Context context) throws IOException;
}
