internal import Basics
internal import FunctionModel
import GuestProtocol
internal import Sandboxes
import Synchronization
internal import Telemetry

/// The log of one sandbox: what its runtime writes and what the platform says about it, in order.
final class LogStream: Sendable {
    /// `2023/07/05/[56]` and 32 hex digits, as CloudWatch names it.
    let name: String
    private let file: LogFile
    private let files: LogFiles
    private let clock: WorkerClock
    private let form: LogForm
    private let state = Mutex(State())

    private struct State {
        /// Started but unfinished lines, by stream.
        var partial: [Output.Stream: LineCutter] = [:]
        /// Of standard output, on which records come.
        var records = RecordSplitter()
        /// Of the running invocation, when its caller asked for it.
        var tail: LogTail?
    }

    init(
        of function: FunctionConfiguration, _ initialization: InitializationType, files: LogFiles, clock: WorkerClock
    ) {
        let day = Timestamp(nanoseconds: clock.wallClock()).datePath
        name = "\(day)/[\(function.version)]\(Hexadecimal.random(bytes: 16))"
        file = files.file(function: function.functionName, stream: name)
        form = LogForm(function, initialization)
        self.files = files
        self.clock = clock
    }

    /// Where the engine sends what the runtime writes.
    var sink: OutputSink { { [self] in write($0) } }

    private func write(_ output: Output) {
        guard output.stream != .platform else {
            if let report = output.report { write(.extension(report)) }
            return
        }
        state.withLock { state in
            if output.stream != .standardOutput || state.records.isText(output.bytes) {
                write(text: output.bytes, on: output.stream, at: output.timestampNanoseconds, &state)
            } else {
                for piece in state.records.take(output.bytes) { write(piece, at: output.timestampNanoseconds, &state) }
            }
        }
    }

    private func write(_ piece: RecordSplitter.Piece, at time: UInt64, _ state: inout State) {
        switch piece {
        case .text(let bytes): write(text: bytes, on: .standardOutput, at: time, &state)
        case .record(let bytes):
            finishLine(of: .standardOutput, at: time, &state)
            let event = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
            if case .json(let form) = form, !form.takes(event) { return }
            state.tail?.append(Array(event) + [UInt8(ascii: "\n")])
            append([event], at: time)
        }
    }

    private func write(text bytes: [UInt8], on stream: Output.Stream, at time: UInt64, _ state: inout State) {
        let lines = state.partial[stream, default: LineCutter()].take(bytes)
        switch form {
        case .text:
            state.tail?.append(bytes)
            append(lines, at: time)
        case .json(let form):
            // Whole lines, as it is not known before whether one is taken.
            let taken = lines.filter { form.takes($0) }
            for line in taken { state.tail?.append(line + [UInt8(ascii: "\n")]) }
            append(taken, at: time)
        }
    }

    private func finishLine(of stream: Output.Stream, at time: UInt64, areOurs: Bool = false, _ state: inout State) {
        guard let rest = state.partial[stream]?.takeRest(), !rest.isEmpty else { return }
        if case .json = form { state.tail?.append(rest) }
        state.tail?.append([UInt8(ascii: "\n")])
        append([rest[...]], at: time, areOurs: areOurs)
    }

    /// Writes lines of the platform's own, after what the runtime left unfinished.
    func write(_ lines: LogLine...) {
        let now = clock.wallClock()
        switch form {
        case .text: write(lines.map { Array($0.text.utf8) }, at: now)
        case .json(let form): write(lines.flatMap { form.lines($0, at: now) }, at: now)
        }
    }

    func write(text: String) {
        let now = clock.wallClock()
        switch form {
        case .text: write([Array(text.utf8)], at: now)
        case .json(let form): write([form.line(text, at: now)], at: now)
        }
    }

    private func write(_ texts: [[UInt8]], at now: UInt64) {
        state.withLock { state in
            if let piece = state.records.takeRest() { write(piece, at: now, &state) }
            for stream in [Output.Stream.standardOutput, .standardError] {
                finishLine(of: stream, at: now, areOurs: true, &state)
            }
            var lines: [ArraySlice<UInt8>] = []
            for text in texts {
                lines.append(text[...])
                state.tail?.append(text + [UInt8(ascii: "\n")])
            }
            append(lines, at: now, areOurs: true)
        }
    }

    /// Keeps the last bytes written from now on, until ``endTail()``.
    func beginTail() -> LogTail {
        let tail = LogTail()
        state.withLock { $0.tail = tail }
        return tail
    }

    /// Writes the end of an invocation, which ends its tail.
    func end(_ report: InvocationReport, text: String?) {
        if let text { write(text: text) }
        write(.end(requestID: report.requestID, report.duration, report.failure), .report(report))
        state.withLock { $0.tail = nil }
    }

    /// Ends the stream: writes what is unfinished and closes the file.
    func close() {
        let now = clock.wallClock()
        state.withLock { state in
            if let piece = state.records.takeRest() { write(piece, at: now, &state) }
            append(state.partial.values.compactMap { $0.isEmpty ? nil : $0.unfinished[...] }, at: now)
            state.partial = [:]
        }
        files.close(file)
    }

    /// Called under the lock, so that lines reach the file in the order they were written.
    ///
    /// - Parameter areOurs: the platform's, which are kept however much the runtime writes.
    private func append(_ lines: [ArraySlice<UInt8>], at nanoseconds: UInt64, areOurs: Bool = false) {
        guard !lines.isEmpty else { return }
        let stamp = Timestamp(nanoseconds: nanoseconds)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(lines.reduce(0) { $0 + $1.count + Timestamp.iso8601Length + 2 })
        for line in lines {
            stamp.appendISO8601(to: &bytes)
            bytes.append(UInt8(ascii: "\t"))
            if line.contains(UInt8(ascii: "\n")) {
                // One event: what goes on in another line has a tab where lines have their time.
                for byte in line {
                    bytes.append(contentsOf: byte == UInt8(ascii: "\n") ? [byte, UInt8(ascii: "\t")] : [byte])
                }
            } else {
                bytes.append(contentsOf: line)
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        files.append(bytes, to: file, always: areOurs)
    }
}

/// The end of what an invocation logged: what `X-Amz-Log-Result` carries, before base64.
final class LogTail: Sendable {
    static let length = 4096
    private let kept = Mutex<[UInt8]>([])

    func append(_ bytes: [UInt8]) {
        kept.withLock { kept in
            kept.append(contentsOf: bytes.suffix(Self.length))
            if kept.count > Self.length { kept.removeFirst(kept.count - Self.length) }
        }
    }

    var bytes: [UInt8] { kept.withLock { $0 } }
}
