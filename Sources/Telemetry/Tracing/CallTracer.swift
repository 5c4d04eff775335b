package import Tracing

/// Spans along the hops of a call, for whatever tracer there is. Without one a hop costs a comparison with nil.
package struct CallTracer: Sendable {
    package static let off = CallTracer(nil)

    package let tracer: (any Tracer)?

    package init(_ tracer: (any Tracer)?) { self.tracer = tracer }

    /// Runs one hop of a call as a span within the one around it.
    ///
    /// - Parameters:
    ///   - context: what the span belongs to, when not the current task's.
    ///   - body: gets the span, for what is known only then.
    package func hop<R, E: Error>(
        _ name: String, kind: SpanKind = .internal, in context: ServiceContext? = nil,
        attributes: @autoclosure () -> SpanAttributes = [:], isolation: isolated (any Actor)? = #isolation,
        _ body: ((any Span)?) async throws(E) -> R
    ) async throws(E) -> R {
        guard let tracer else { return try await body(nil) }
        let span: any Span = tracer.startSpan(
            name, context: context ?? ServiceContext.current ?? .topLevel, ofKind: kind)
        span.attributes = attributes()
        defer { span.end() }
        // `withValue` does not know typed errors.
        let outcome = await ServiceContext.withValue(span.context) { () async -> Result<R, E> in
            do throws(E) { return .success(try await body(span)) } catch { return .failure(error) }
        }
        if case .failure(let error) = outcome {
            span.recordError(error)
            span.setStatus(SpanStatus(code: .error))
        }
        return try outcome.get()
    }

    /// A hop that has been measured by someone who knows of no tracer.
    package func note(_ name: String, from start: UInt64, to end: UInt64, attributes: SpanAttributes = [:]) {
        guard let tracer else { return }
        let span: any Span = tracer.startSpan(
            name, context: ServiceContext.current ?? .topLevel,
            at: DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: start))
        span.attributes = attributes
        span.end(at: DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: end))
    }

    /// The context that a request's trace header leads to; new where there is none.
    package func context(of header: String?) -> ServiceContext {
        var context = ServiceContext.topLevel
        if let tracer, let header { tracer.extract([TraceHeader.name: header], into: &context, using: HeaderAccess()) }
        return context
    }

    /// The header by which what is called next belongs to the current span; nil without a tracer.
    package func header() -> String? {
        guard let tracer, let context = ServiceContext.current else { return nil }
        var headers: [String: String] = [:]
        tracer.inject(context, into: &headers, using: HeaderAccess())
        return headers[TraceHeader.name]
    }
}

private struct HeaderAccess: Extractor, Injector {
    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }

    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
}
