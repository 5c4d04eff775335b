package com.amazonaws.services.lambda.runtime.logging;

import java.util.Locale;

/** How the function's log lines are written. */
public enum LogFormat {
    JSON,
    TEXT;

    /** The format of that name, in any case. Throws IllegalArgumentException for any other text. */
    public static LogFormat fromString(String name) {
        try {
            return valueOf(name.toUpperCase(Locale.ROOT));
        } catch (RuntimeException unknown) {
            throw new IllegalArgumentException("Invalid log format: '" + name + "' expected one of [JSON, TEXT]");
        }
    }
}
