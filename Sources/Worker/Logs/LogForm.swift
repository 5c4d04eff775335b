internal import FunctionModel
import GuestProtocol
internal import Telemetry

import struct Foundation.Data
import class Foundation.JSONDecoder

/// How a version's log is written, as its `LoggingConfig` says: lines of text, or JSON of which each level begins at one.
/// Source: AWS Lambda Developer Guide, "Configuring advanced logging controls for Lambda functions"; the records are those of the
/// Telemetry API, schema 2022-12-13.
enum LogForm: Sendable {
    case text
    case json(JSONForm)

    init(_ function: FunctionConfiguration, _ initialization: InitializationType) {
        guard let logging = function.logging, logging.format == .json else {
            self = .text
            return
        }
        self = .json(
            JSONForm(
                functionName: function.functionName, version: function.version,
                initialization: initialization,
                applicationLevel: logging.applicationLevel.flatMap(LogLevel.init) ?? .info,
                systemLevel: logging.systemLevel.flatMap(LogLevel.init) ?? .info))
    }
}

/// In the order of weight.
enum LogLevel: Int, Sendable, Comparable {
    case trace, debug, info, warn, error, fatal

    /// - Parameter text: in any case of the letters; some runtimes say `WARNING`.
    init?(_ text: String) {
        switch text.uppercased() {
        case "TRACE": self = .trace
        case "DEBUG": self = .debug
        case "INFO": self = .info
        case "WARN", "WARNING": self = .warn
        case "ERROR": self = .error
        case "FATAL", "CRITICAL": self = .fatal
        default: return nil
        }
    }

    static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
}

struct JSONForm: Sendable {
    let functionName: String
    let version: FunctionVersion
    let initialization: InitializationType
    let applicationLevel: LogLevel
    let systemLevel: LogLevel

    /// Without what is below the level.
    func lines(_ line: LogLine, at nanoseconds: UInt64) -> [[UInt8]] {
        records(of: line).filter { $0.level >= systemLevel }.map { record in
            JSONText.object([
                ("time", .string(Timestamp(nanoseconds: nanoseconds).iso8601)),
                ("type", .string("platform.\(record.type)")),
                ("record", .object(record.members)),
            ])
        }
    }

    /// What the platform says in words, which is of a failure.
    func line(_ text: String, at nanoseconds: UInt64) -> [UInt8] {
        JSONText.object([
            ("timestamp", .string(Timestamp(nanoseconds: nanoseconds).iso8601)), ("level", .string("WARN")),
            ("message", .string(text)),
        ])
    }

    private struct Label: Decodable { var level: String? }

    /// Whether a line of the function's is written: one below its level is not, and one that names none is.
    func takes(_ line: ArraySlice<UInt8>) -> Bool {
        guard line.first == UInt8(ascii: "{"), applicationLevel > .trace else { return true }
        guard let label = try? JSONDecoder().decode(Label.self, from: Data(line)) else { return true }
        return (label.level.flatMap(LogLevel.init) ?? .info) >= applicationLevel
    }

    // MARK: - Records

    private typealias Record = (type: String, level: LogLevel, members: [(name: String, value: JSONText.Value)])

    /// A line's record, after that of the runtime's part in it, which text has no line for.
    private func records(of line: LogLine) -> [Record] {
        let record = record(of: line)
        switch line {
        case .initReport(_, let phase, let failure):
            let members = [("initializationType", initializationType), ("phase", self.phase(phase))] + outcome(failure)
            return [("initRuntimeDone", failure == nil ? .debug : .warn, members), record]
        case .restoreReport(_, let failure):
            return [("restoreRuntimeDone", failure == nil ? .debug : .warn, outcome(failure)), record]
        default: return [record]
        }
    }

    private func record(of line: LogLine) -> Record {
        switch line {
        case .initStart(let runtime):
            ("initStart", .info, start + [("phase", phase(.initialization))] + members(of: runtime))
        case .initReport(let duration, let phase, let failure):
            (
                "initReport", failure != nil ? .warn : initialization == .onDemand ? .debug : .info,
                [("initializationType", initializationType), ("phase", self.phase(phase))] + outcome(failure)
                    + [("metrics", .object([("durationMs", .milliseconds(duration))]))]
            )
        case .restoreStart(let runtime): ("restoreStart", .info, names + members(of: runtime))
        case .restoreReport(let duration, let failure):
            (
                "restoreReport", failure == nil ? .info : .warn,
                outcome(failure) + [("metrics", .object([("durationMs", .milliseconds(duration))]))]
            )
        case .start(let requestID, let version):
            ("start", .info, [("requestId", .string(requestID)), ("version", .string("\(version)"))])
        case .end(let requestID, let duration, let failure):
            (
                "runtimeDone", failure == nil ? .debug : .warn,
                [("requestId", .string(requestID))] + outcome(failure)
                    + [("metrics", .object([("durationMs", .milliseconds(duration))]))]
            )
        case .extension(let report):
            (
                "extension", report.errorType == nil ? .info : .warn,
                [
                    ("name", .string(report.name)), ("state", .string(report.state)),
                    ("events", .list(report.events.map { .string($0) })),
                ] + (report.errorType.map { [("errorType", .string($0))] } ?? [])
            )
        case .report(let report): ("report", report.failure == nil ? .info : .warn, members(of: report))
        }
    }

    private var names: [(name: String, value: JSONText.Value)] {
        [("functionName", .string(functionName)), ("functionVersion", .string("\(version)"))]
    }

    private var initializationType: JSONText.Value { .string(initialization.rawValue) }

    private var start: [(name: String, value: JSONText.Value)] { [("initializationType", initializationType)] + names }

    private func phase(_ phase: InitPhase) -> JSONText.Value {
        .string(initialization == .snapStart && phase == .initialization ? "snap-start" : phase.rawValue)
    }

    private func members(of runtime: RuntimeVersion?) -> [(name: String, value: JSONText.Value)] {
        guard let runtime else { return [] }
        return [("runtimeVersion", .string(runtime.name)), ("runtimeVersionArn", .string(runtime.arn))]
    }

    private func outcome(_ failure: LogFailure?) -> [(name: String, value: JSONText.Value)] {
        switch failure {
        case nil: [("status", .string("success"))]
        case .timeout: [("status", .string("timeout"))]
        case .error(let type): [("status", .string("error")), ("errorType", .string(type))]
        }
    }

    private func members(of report: InvocationReport) -> [(name: String, value: JSONText.Value)] {
        var metrics: [(name: String, value: JSONText.Value)] = [
            ("durationMs", .milliseconds(report.duration)),
            ("billedDurationMs", .integer(Int64(report.billedMilliseconds))),
            ("memorySizeMB", .integer(Int64(report.memorySizeMegabytes))),
            ("maxMemoryUsedMB", .integer(Int64(report.maximumMemoryMegabytes))),
        ]
        switch report.coldStart {
        case nil: break
        case .initialized(let duration): metrics.append(("initDurationMs", .milliseconds(duration)))
        case .restored(let duration):
            metrics.append(("restoreDurationMs", .milliseconds(duration)))
            metrics.append(("billedRestoreDurationMs", .integer(Int64(report.billedRestoreMilliseconds ?? 0))))
        }
        return [("requestId", .string(report.requestID)), ("metrics", .object(metrics))] + outcome(report.failure)
    }
}

extension JSONText.Value {
    /// With at most three digits after the point.
    fileprivate static func milliseconds(_ duration: Duration) -> Self {
        let (seconds, attoseconds) = max(.zero, duration).components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        return .number(Double(microseconds) / 1000)
    }
}
