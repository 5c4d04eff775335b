import Glibc
internal import LinuxKit
package import Logging

/// How a server's own log is written.
package enum LogFormat: String, Sendable, CaseIterable {
    /// Lines for people.
    case text
    /// Lines for programs.
    case json

    /// A log to standard error; standard output is for answers. Lines that belong to a call say to which.
    package func logger(label: String, level: Logger.Level) -> Logger {
        var logger = Logger(label: label) { label in
            switch self {
            case .text: StreamLogHandler.standardError(label: label, metadataProvider: CallScope.metadata)
            case .json: JSONLogHandler(metadataProvider: CallScope.metadata, write: Self.writeToStandardError)
            }
        }
        logger.logLevel = level
        return logger
    }

    /// One write for each line, so that those of several threads do not mix. There is nowhere to say that it failed.
    private static let writeToStandardError: @Sendable ([UInt8]) -> Void = { line in
        var done = 0
        while done < line.count {
            let written = line[done...].withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard written > 0 || errno == EINTR else { return }
            done += max(0, written)
        }
    }
}
