package import FunctionModel
import GuestProtocol

/// A line the platform itself writes to a function's log, in AWS's words: fields after the first are TAB separated.
/// Source: AWS Lambda Developer Guide, "Viewing CloudWatch logs" and "Monitoring for Lambda SnapStart".
package enum LogLine: Sendable {
    /// Nil: of a container image.
    case initStart(RuntimeVersion?)
    case initReport(Duration, phase: InitPhase, LogFailure?)
    case restoreStart(RuntimeVersion?)
    case restoreReport(Duration, LogFailure?)
    case start(requestID: String, FunctionVersion)
    case end(requestID: String, Duration = .zero, LogFailure? = nil)
    case report(InvocationReport)
    case `extension`(ExtensionReport)

    package var text: String {
        switch self {
        case .initStart(let runtime): Self.line("INIT_START", runtime)
        case .initReport(let duration, let phase, let failure):
            "INIT_REPORT Init Duration: \(Self.milliseconds(duration)) ms\tPhase: \(phase.rawValue)"
                + Self.suffix(failure)
        case .restoreStart(let runtime): Self.line("RESTORE_START", runtime)
        case .restoreReport(let duration, let failure):
            "RESTORE_REPORT Restore Duration: \(Self.milliseconds(duration)) ms" + Self.suffix(failure)
        case .start(let requestID, let version): "START RequestId: \(requestID) Version: \(version)"
        case .end(let requestID, _, _): "END RequestId: \(requestID)"
        case .report(let report): report.text
        case .extension(let report): report.text
        }
    }

    private static func line(_ name: String, _ runtime: RuntimeVersion?) -> String {
        runtime.map { "\(name) \($0.text)" } ?? name
    }

    /// With two digits after the point.
    static func milliseconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = max(.zero, duration).components
        let hundredths = seconds * 100_000 + (attoseconds + 5_000_000_000_000) / 10_000_000_000_000
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    static func suffix(_ failure: LogFailure?) -> String {
        switch failure {
        case nil: ""
        case .timeout: "\tStatus: timeout"
        case .error(let type): "\tStatus: error\tError Type: \(type)"
        }
    }
}

package enum InitPhase: String, Sendable {
    /// Before the first invocation, or at publish.
    case initialization = "init"
    /// A second try, as part of the first invocation, after the first ran out of time.
    case invoke
}

/// How a phase ended, in the words of a report line.
package enum LogFailure: Sendable, Equatable {
    case timeout
    case error(type: String)
}

/// Which runtime a sandbox runs, as INIT_START and RESTORE_START name it.
package struct RuntimeVersion: Sendable, Equatable {
    /// `python:3.11.v1`.
    package var name: String
    package var arn: String

    package init(name: String, arn: String) {
        self.name = name
        self.arn = arn
    }

    var text: String { "Runtime Version: \(name)\tRuntime Version ARN: \(arn)" }
}

/// What an invocation's REPORT line says.
package struct InvocationReport: Sendable {
    /// What came before the first invocation of a sandbox; later ones have nothing.
    package enum ColdStart: Sendable, Equatable {
        case initialized(Duration)
        case restored(Duration)
    }

    package var requestID: String
    package var duration: Duration
    package var memorySizeMegabytes: Int
    package var maximumMemoryBytes: UInt64
    package var coldStart: ColdStart?
    package var failure: LogFailure?

    package init(
        requestID: String, duration: Duration, memorySizeMegabytes: Int, maximumMemoryBytes: UInt64,
        coldStart: ColdStart? = nil, failure: LogFailure? = nil
    ) {
        self.requestID = requestID
        self.duration = duration
        self.memorySizeMegabytes = memorySizeMegabytes
        self.maximumMemoryBytes = maximumMemoryBytes
        self.coldStart = coldStart
        self.failure = failure
    }

    /// Whole milliseconds, each part rounded up: the duration, and the restore where there was one.
    package var billedMilliseconds: Int { Self.roundedUp(duration) + (billedRestoreMilliseconds ?? 0) }

    var maximumMemoryMegabytes: UInt64 { (maximumMemoryBytes + 1_048_575) >> 20 }

    var billedRestoreMilliseconds: Int? {
        guard case .restored(let duration) = coldStart else { return nil }
        return Self.roundedUp(duration)
    }

    private static func roundedUp(_ duration: Duration) -> Int { max(1, Int(duration.milliseconds.rounded(.up))) }

    package var text: String {
        var text = "REPORT RequestId: \(requestID)\tDuration: \(LogLine.milliseconds(duration)) ms"
        text += "\tBilled Duration: \(billedMilliseconds) ms\tMemory Size: \(memorySizeMegabytes) MB"
        text += "\tMax Memory Used: \(maximumMemoryMegabytes) MB"
        switch coldStart {
        case nil: break
        case .initialized(let duration): text += "\tInit Duration: \(LogLine.milliseconds(duration)) ms"
        case .restored(let duration):
            text += "\tRestore Duration: \(LogLine.milliseconds(duration)) ms"
            text += "\tBilled Restore Duration: \(Self.roundedUp(duration)) ms"
        }
        return failure == nil ? text + "\t" : text + LogLine.suffix(failure)
    }
}
