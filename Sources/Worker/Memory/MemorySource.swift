import Glibc
package import LinuxKit
import Synchronization

/// Where a worker learns how much memory there is.
package struct MemorySource: Sendable {
    private static let stall = Duration.milliseconds(200)
    private static let window = Duration.seconds(2)
    private static let interval = Duration.seconds(1)

    /// How old a look may be for ``recent``: somebody looks once a second, so that an invocation hardly ever has to.
    private static let moment: UInt64 = 1_500_000_000

    /// Nil where it is not to be known.
    package var now: @Sendable () -> HostMemory?
    /// As it was a moment ago: reading it costs what a part of a thaw does.
    package var recent: @Sendable () -> HostMemory?
    /// Says when it is time to look. Ends when nobody listens any more.
    package var beats: @Sendable () -> AsyncStream<Void>

    package init(now: @escaping @Sendable () -> HostMemory?, beats: @escaping @Sendable () -> AsyncStream<Void>) {
        self.now = now
        recent = now
        self.beats = beats
    }

    /// There is always enough.
    package static let unlimited = MemorySource(now: { nil }, beats: { AsyncStream { $0.finish() } })

    /// The host's, or that of the container around this server. It is looked at once a second, and when tasks stand still for want
    /// of it.
    package static func host() -> MemorySource {
        let bounds = CgroupMemoryBound.all()
        let last = Mutex<(memory: HostMemory?, time: UInt64)>((nil, 0))
        let look: @Sendable () -> HostMemory? = {
            let memory = try? HostMemory.now(within: bounds)
            last.withLock { $0 = (memory, MonotonicClock.now()) }
            return memory
        }
        var source = MemorySource(now: look, beats: { listen() })
        source.recent = {
            let seen = last.withLock { last in
                MonotonicClock.now() - last.time < moment ? last.memory : nil
            }
            return seen ?? look()
        }
        return source
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
