package import Basics
package import FunctionModel

/// What comes of an invocation whose response is passed on as the function writes it.
package enum StreamedAnswer: Sendable {
    /// The function has answered at once, or failed before it began to: there is nothing to wait for.
    case whole(InvokeResponse)
    case streaming(StreamedInvocation)
}

/// An invocation whose response has begun. Whoever drops it wants no more of the response; the function goes on.
package final class StreamedInvocation: Sendable {
    package let executedVersion: FunctionVersion
    /// As the runtime gave it; empty when it did not.
    package let contentType: String
    private let body: ByteStream
    private let outcome: Outcome<Result<InvokeResponse, LambdaError>>

    package init(
        executedVersion: FunctionVersion, contentType: String, body: ByteStream,
        outcome: Outcome<Result<InvokeResponse, LambdaError>>
    ) {
        self.executedVersion = executedVersion
        self.contentType = contentType
        self.body = body
        self.outcome = outcome
    }

    deinit { body.abandon() }

    /// What the function has written meanwhile, as soon as there is something; nil at the end. For one task.
    package func nextPart() async -> [UInt8]? { await body.next() }

    /// How it went, once it is over: its payload is that of a failure, or empty.
    package func end() async throws(LambdaError) -> InvokeResponse { try await outcome.wait().get() }
}
