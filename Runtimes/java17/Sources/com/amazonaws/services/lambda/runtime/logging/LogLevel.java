package com.amazonaws.services.lambda.runtime.logging;

import java.util.Locale;

/** The levels of the function's log, least severe first. */
public enum LogLevel {
    UNDEFINED,
    TRACE,
    DEBUG,
    INFO,
    WARN,
    ERROR,
    FATAL;

    /** The level of that name, in any case. Throws IllegalArgumentException for any other text. */
    public static LogLevel fromString(String name) {
        try {
            return valueOf(name.toUpperCase(Locale.ROOT));
        } catch (RuntimeException unknown) {
            throw new IllegalArgumentException("Invalid log level: '" + name
                + "' expected one of [TRACE, DEBUG, INFO, WARN, ERROR, FATAL]");
        }
    }
}
