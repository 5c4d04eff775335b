package com.amazonaws.services.lambda.runtime;

import thaw.runtime.FunctionLogger;

/** Gives the function's logger to code that holds no {@link Context}: logging back ends. */
public class LambdaRuntime {
    private LambdaRuntime() {
    }

    public static LambdaLogger getLogger() {
        return FunctionLogger.shared();
    }
}
