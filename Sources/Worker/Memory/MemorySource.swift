import Glibc
package import LinuxKit

/// Where a worker learns how much memory there is.
package struct MemorySource: Sendable {
    private static let stall = Duration.milliseconds(200)
    private static let window = Duration.seconds(2)
    private static let interval = Duration.seconds(1)

    /// Nil where it is not to be known.
    package var now: @Sendable () -> HostMemory?
    /// Says when it is time to look. Ends when nobody listens any more.
    package var beats: @Sendable () -> AsyncStream<Void>

    package init(now: @escaping @Sendable () -> HostMemory?, beats: @escaping @Sendable () -> AsyncStream<Void>) {
        self.now = now
        self.beats = beats
    }

    /// There is always enough.
    package static let unlimited = MemorySource(now: { nil }, beats: { AsyncStream { $0.finish() } })

    /// The host's, or that of the container around this server. It is looked at once a second, and when tasks stand still for want
    /// of it.
    package static func host() -> MemorySource {
        let bounds = CgroupMemoryBound.all()
        return MemorySource(now: { try? HostMemory.now(within: bounds) }, beats: { listen() })
    }

    private static func rest() { usleep(UInt32(interval.nanoseconds / 1000)) }

    private static func listen() -> AsyncStream<Void> {
        let (stream, beats) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        do {
            try PosixThread.start {
                // Not every kernel counts them.
                guard let pressure = try? MemoryPressure(stall: stall, within: window) else {
                    while beats.isOpen { rest() }
                    return
                }
                while beats.isOpen { if (try? pressure.wait(atMost: interval)) == nil { rest() } }
            }
        } catch {
            beats.finish()
        }
        return stream
    }
}

extension AsyncStream<Void>.Continuation {
    /// Yields; false when nobody listens any more.
    fileprivate var isOpen: Bool {
        if case .terminated = self.yield() { false } else { true }
    }
}
