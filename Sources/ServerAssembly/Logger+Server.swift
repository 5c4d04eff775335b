import Logging
import Telemetry

extension Logger {
    package static func forServer(_ level: Level, _ format: LogFormat = .text) -> Logger {
        format.logger(label: "thaw", level: level)
    }

    /// For parts that say at each start and stop what the server itself says once.
    var quieter: Logger {
        var logger = self
        if logLevel == .info { logger.logLevel = .notice }
        return logger
    }
}
