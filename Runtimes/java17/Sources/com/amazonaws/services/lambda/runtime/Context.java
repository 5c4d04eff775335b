package com.amazonaws.services.lambda.runtime;

/** What a handler can learn about the invocation it serves and the function it belongs to. */
public interface Context {
    String getAwsRequestId();

    /** The log group; null where the environment does not name one (a function started from a snapshot). */
    String getLogGroupName();

    /** The log stream; null where the environment does not name one (a function started from a snapshot). */
    String getLogStreamName();

    String getFunctionName();

    String getFunctionVersion();

    /** The ARN as the caller addressed the function: unqualified, with a version, or with an alias. */
    String getInvokedFunctionArn();

    /** The calling Amazon Cognito identity; its members are null when the caller sent none. */
    CognitoIdentity getIdentity();

    /** What a mobile SDK said about itself, or null. */
    ClientContext getClientContext();

    /** Milliseconds until the function's timeout. */
    int getRemainingTimeInMillis();

    int getMemoryLimitInMB();

    LambdaLogger getLogger();

    /** The tenant the invocation is for, or null. */
    default String getTenantId() {
        return null;
    }

    /** The X-Ray trace header of the invocation, or null. */
    default String getXrayTraceId() {
        return null;
    }
}
