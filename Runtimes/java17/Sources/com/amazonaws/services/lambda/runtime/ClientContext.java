package com.amazonaws.services.lambda.runtime;

import java.util.Map;

/** What the caller sent in the {@code X-Amz-Client-Context} header. */
public interface ClientContext {
    Client getClient();

    /** Values the calling application set. */
    Map<String, String> getCustom();

    /** Values the calling SDK set. */
    Map<String, String> getEnvironment();
}
