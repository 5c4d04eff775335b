package thaw.runtime;

import com.amazonaws.services.lambda.runtime.Context;
import thaw.runtime.json.Bytes;

/** The function, whatever form its author gave it: takes an event's bytes, writes the answer's. */
interface EventHandler {
    /** @param answer empty when called; what it holds on return is the answer */
    void handle(byte[] event, Context context, Bytes answer) throws Throwable;
}
