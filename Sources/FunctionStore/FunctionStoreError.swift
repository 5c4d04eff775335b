package import FunctionModel
import GRDB
package import SystemPackage

/// Why the store did not do what it was asked: what failed, on what, and what to do.
package struct FunctionStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        case alreadyExists
        case notFound
        /// The version was changed by somebody else meanwhile.
        case revisionMismatch
        /// The caller's own decision inside a transaction.
        case refused(LambdaError)
        /// An argument that no caller should give, such as a marker that came from nowhere.
        case invalid
        case noSpace
        /// What is on disk is not what this program wrote.
        case corrupt
        /// What is on disk was written by a newer program.
        case newerFormat
        /// Another process has the directory open.
        case inUse
        /// Another program has locked the database, and did not let go in time; nothing was changed.
        case locked
        /// The calling task was cancelled; nothing was changed.
        case cancelled
        case inputOutput
    }

    package var code: Code
    package var message: String
    package var cause: Errno?

    package init(code: Code, message: String, cause: Errno? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { cause.map { "\(message) (\($0))" } ?? message }
}

extension FunctionStoreError {
    static func alreadyExists(_ name: String) -> Self {
        Self(code: .alreadyExists, message: "function \(name) exists already")
    }

    static func notFound(_ name: String, _ version: FunctionVersion? = nil) -> Self {
        let what = version.map { "version \($0) of function \(name)" } ?? "function \(name)"
        return Self(code: .notFound, message: "\(what) does not exist")
    }

    static func revisionMismatch(_ configuration: FunctionConfiguration, expected: String, found: String) -> Self {
        Self(
            code: .revisionMismatch,
            message: """
                \(configuration.functionName) \(configuration.version) has revision \(found), not \(expected): \
                read it again and repeat the change
                """)
    }

    static func invalid(_ message: String) -> Self { Self(code: .invalid, message: message) }

    static func corrupt(_ what: String, in path: FilePath, _ detail: String) -> Self {
        Self(
            code: .corrupt,
            message: """
                \(what) in \(path) cannot be read: \(detail). Restore the state directory from a backup, or move it \
                away to start empty.
                """)
    }

    static func newerFormat(_ path: FilePath) -> Self {
        Self(
            code: .newerFormat,
            message: "\(path) was written by a newer version of thaw. Run that version, or use another --state-dir.")
    }

    static func inUse(_ directory: FilePath) -> Self {
        Self(
            code: .inUse,
            message: "another process serves from \(directory). Stop it, or use another --state-dir.")
    }

    static func locked(_ path: FilePath) -> Self {
        Self(
            code: .locked,
            message: """
                \(path) is locked by another program, such as a backup or the sqlite3 shell: end it, and try again
                """)
    }

    static func system(_ action: String, _ path: FilePath, _ cause: Errno) -> Self {
        guard cause == .noSpace || cause == .diskQuotaExceeded else {
            return Self(code: .inputOutput, message: "cannot \(action) \(path)", cause: cause)
        }
        return Self(
            code: .noSpace,
            message: "cannot \(action) \(path): make room there, or move --state-dir to a larger file system",
            cause: cause)
    }

    /// What a database access threw.
    static func database(_ error: any Error, path: FilePath) -> Self {
        if let error = error as? FunctionStoreError { return error }
        if let error = error as? LambdaError { return Self(code: .refused(error), message: error.description) }
        if let error = error as? Errno { return .system("open", path, error) }
        if error is CancellationError { return Self(code: .cancelled, message: "the request was cancelled") }
        guard let error = error as? DatabaseError else {
            return Self(code: .inputOutput, message: "\(path): \(error)")
        }
        switch error.resultCode {
        case .SQLITE_FULL: return .system("write", path, .noSpace)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .corrupt("the database", in: path, error.message ?? "malformed")
        case .SQLITE_BUSY: return .locked(path)
        case .SQLITE_INTERRUPT, .SQLITE_ABORT: return Self(code: .cancelled, message: "the request was cancelled")
        default:
            return Self(
                code: .inputOutput, message: "\(path): \(error.message ?? "SQLite error") (\(error.resultCode))")
        }
    }
}
