package import Basics

/// A response in parts, on its way from the engine to whoever asked for it so.
///
/// An engine begins it when the runtime streams its response, and writes what comes. It does not end it: the invocation does, whose
/// result says how it went. A runtime that answers at once leaves it alone.
package final class ResponseStream: Sendable {
    /// What waits here for a client that is slow.
    private static let limit = 256 << 10

    /// The response's `Content-Type`, from its beginning on; nil when the invocation has ended without one.
    package let start = Outcome<String?>()
    package let body = ByteStream(limit: ResponseStream.limit)

    package init() {}

    package func begin(contentType: String) { start.settle(contentType) }

    /// The invocation is over.
    package func end() {
        start.settle(nil)
        body.end()
    }
}
