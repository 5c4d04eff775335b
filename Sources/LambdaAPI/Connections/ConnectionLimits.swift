/// What the clients of a server may hold of it, together and each.
package struct ConnectionLimits: Sendable {
    /// Connections at a time. One more ends those that have waited longest for a client to go on.
    package var connections = 4_096
    /// Bytes of requests and answers in memory; a request that would need more gets 429. The first ``freeBody`` bytes of each body
    /// are not counted, so that small calls go on.
    package var bytesInFlight = 256 << 20
    /// For the first head, from the connection on.
    package var head = Duration.seconds(20)
    /// For the next head, from the last answer on.
    package var idle = Duration.seconds(50)
    /// For a body or an answer that does not move.
    package var stall = Duration.seconds(20)
    /// For a body or an answer, once the server stops.
    package var stop = Duration.seconds(3)
    /// Bytes a second that a body or an answer moves on average, after ``stall``.
    package var leastRate = 64 << 10

    /// What may be in flight of a body that goes to the disk as it arrives.
    static let streamedBody = 1 << 20
    static let freeBody = 16 << 10
    /// What is read of a body after its answer: more than the longest one that is taken, as clients read an answer once they have
    /// sent everything.
    static let drainedBody = 128 << 20
    /// Of all header fields together.
    static let headSize = 32 << 10
    /// Above it, an answer that the client does not take at once is counted.
    static let freeAnswer = 64 << 10

    package init() {}
}
