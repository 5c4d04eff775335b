import Logging

extension Logger {
    /// The server's own log goes to standard error; standard output is for answers.
    package static func forServer(_ level: Level) -> Logger {
        var logger = Logger(label: "thaw") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }

    /// For parts that say at each start and stop what the server itself says once.
    var quieter: Logger {
        var logger = self
        if logLevel == .info { logger.logLevel = .notice }
        return logger
    }
}
