package thaw.runtime;

/** One event and what came with it. */
final class Invocation {
    final String requestId;
    final byte[] event;
    private final HttpConnection.Response response;

    Invocation(HttpConnection.Response response) throws java.io.IOException {
        this.response = response;
        event = response.body;
        requestId = response.header("lambda-runtime-aws-request-id");
        if (requestId == null) {
            throw new java.io.IOException("the Runtime API sent an event without a request id");
        }
    }

    String functionArn() {
        return response.header("lambda-runtime-invoked-function-arn");
    }

    /** The X-Ray trace header, or null. */
    String traceId() {
        return response.header("lambda-runtime-trace-id");
    }

    /** The client context as JSON, or null. */
    String clientContext() {
        return response.header("lambda-runtime-client-context");
    }

    /** The Cognito identity as JSON, or null. */
    String cognitoIdentity() {
        return response.header("lambda-runtime-cognito-identity");
    }

    String tenantId() {
        return response.header("lambda-runtime-aws-tenant-id");
    }

    /** When the function times out, in milliseconds since 1970; 0 if the platform did not say. */
    long deadline() {
        String deadline = response.header("lambda-runtime-deadline-ms");
        try {
            return deadline == null ? 0 : Long.parseLong(deadline);
        } catch (NumberFormatException notANumber) {
            return 0;
        }
    }
}
