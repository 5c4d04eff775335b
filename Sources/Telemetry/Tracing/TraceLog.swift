internal import LinuxKit
import Synchronization
package import Tracing

/// A tracer that needs nothing else: each span is a line of JSON when it ends. Traces are X-Ray's, by ``TraceHeader``; one whose
/// caller says that it is not sampled is passed on and not written.
package struct TraceLog: Tracer {
    private let write: @Sendable ([UInt8]) -> Void

    /// - Parameter write: takes one line with its end; it must return at once.
    package init(write: @escaping @Sendable ([UInt8]) -> Void) { self.write = write }

    package func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> TraceSpan {
        let (context, start) = (context(), instant().nanosecondsSinceEpoch)
        let around = context.trace ?? .random(nanoseconds: start)
        return TraceSpan(operationName, kind, in: context, around, start: start, write: write)
    }

    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        if let text = extractor.extract(key: TraceHeader.name, from: carrier), let header = TraceHeader(text) {
            context.trace = header
        }
    }

    package func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        if let trace = context.trace { injector.inject("\(trace)", forKey: TraceHeader.name, into: &carrier) }
    }

    /// Nothing is held back here.
    package func forceFlush() {}
}

/// One hop of a trace.
package final class TraceSpan: Span {
    private struct State {
        var name: String
        var attributes: SpanAttributes = [:]
        var error: String?
        var hasEnded = false
    }

    package let context: ServiceContext
    private let trace: TraceHeader
    private let parent: String?
    private let kind: SpanKind
    private let start: UInt64
    private let write: @Sendable ([UInt8]) -> Void
    private let state: Mutex<State>

    fileprivate init(
        _ name: String, _ kind: SpanKind, in context: ServiceContext, _ around: TraceHeader, start: UInt64,
        write: @escaping @Sendable ([UInt8]) -> Void
    ) {
        var own = around
        own.parent = TraceHeader.randomSpan()
        own.isSampled = around.isSampled ?? true
        var context = context
        context.trace = own
        (self.context, trace, parent) = (context, own, around.parent)
        (self.kind, self.start, self.write) = (kind, start, write)
        state = Mutex(State(name: name))
    }

    package var operationName: String {
        get { state.withLock { $0.name } }
        set { state.withLock { $0.name = newValue } }
    }

    package var attributes: SpanAttributes {
        get { state.withLock { $0.attributes } }
        set { state.withLock { $0.attributes = newValue } }
    }

    package var isRecording: Bool { trace.isSampled == true && !state.withLock { $0.hasEnded } }

    package func setStatus(_ status: SpanStatus) {
        guard status.code == .error else { return }
        state.withLock { $0.error = status.message ?? $0.error ?? "failed" }
    }

    package func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        state.withLock { $0.error = "\(error)" }
    }

    // A line has room for neither.
    package func addEvent(_ event: SpanEvent) {}
    package func addLink(_ link: SpanLink) {}

    /// Writes it. A second end does nothing.
    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let final = state.withLock { state -> State? in
            guard !state.hasEnded else { return nil }
            state.hasEnded = true
            return state
        }
        guard let final, trace.isSampled == true else { return }
        write(line(final, end: instant().nanosecondsSinceEpoch))
    }

    private func line(_ state: State, end: UInt64) -> [UInt8] {
        var members: [(name: String, value: JSONText.Value)] = [
            ("trace", .string(trace.root)), ("span", .string(trace.parent ?? "")),
        ]
        if let parent { members.append(("parent", .string(parent))) }
        members += [
            ("name", .string(state.name)), ("kind", .string("\(kind)")),
            ("start", .string(Timestamp(nanoseconds: start).iso8601)),
            ("startNanoseconds", .integer(Int64(clamping: start))),
            ("seconds", .number(Double(end > start ? end - start : 0) / 1e9)),
        ]
        if let error = state.error { members.append(("error", .string(error))) }
        if let requestID = CallScope.requestID { members.append(("requestId", .string(requestID))) }
        var attributes: [(name: String, value: JSONText.Value)] = []
        state.attributes.forEach { attributes.append(($0, JSONText.Value($1))) }
        if !attributes.isEmpty { members.append(("attributes", .object(attributes.sorted { $0.name < $1.name }))) }
        var line = JSONText.object(members)
        line.append(UInt8(ascii: "\n"))
        return line
    }
}

extension JSONText.Value {
    fileprivate init(_ attribute: SpanAttribute) {
        self =
            switch attribute {
            case .int32(let value): .integer(Int64(value))
            case .int64(let value): .integer(value)
            case .double(let value): .number(value)
            case .bool(let value): .bool(value)
            case .string(let value): .string(value)
            case .stringConvertible(let value): .string("\(value)")
            default: .string("\(attribute)")
            }
    }
}

extension ServiceContext {
    private enum TraceKey: ServiceContextKey {
        typealias Value = TraceHeader
        static var nameOverride: String? { TraceHeader.name }
    }

    /// The trace that this belongs to; its parent is the span that this is in.
    package var trace: TraceHeader? {
        get { self[TraceKey.self] }
        set { self[TraceKey.self] = newValue }
    }
}
