import LinuxKit
import RuntimeAPI
import Synchronization
import SystemPackage

/// A member's place in an ``EngineLoop``: its tokens and its one deadline. The member owns the seat and leaves the loop with
/// it; the loop does not keep the member alive.
package final class LoopSeat: Sendable {
    /// The upper half of every token of this seat.
    package let tokens: UInt64
    /// A loop runs as long as somebody sits in it.
    private let loop: EngineLoop
    private let index: Int

    init(_ loop: EngineLoop) throws(Errno) {
        self.loop = loop
        (index, tokens) = try loop.core.takePlace()
    }

    private var core: LoopCore { loop.core }

    deinit { core.leavePlace(index) }

    var queue: EventQueue { core.queue }

    /// Says who is to hear of events; those that come earlier are lost, or, as long as they last, come again.
    package func occupy(by member: any LoopMember) { core.setMember(member, at: index) }

    /// - Parameter local: what ``local(_:)`` gives back. Below ``RuntimeAPIServer/tokenMark``.
    func watch(
        _ descriptor: borrowing OwnedDescriptor, _ interest: EventQueue.Interest, as local: UInt32
    ) throws(Errno) {
        try core.queue.add(descriptor, interest, token: tokens | UInt64(local))
    }

    /// Needed before the member closes a descriptor, or leaves, only if somebody else keeps it open.
    func unwatch(_ descriptor: borrowing OwnedDescriptor) { try? core.queue.remove(descriptor) }

    static func local(_ event: EventQueue.Event) -> UInt32 { UInt32(truncatingIfNeeded: event.token) }

    /// Replaces the deadline, in nanoseconds of CLOCK_MONOTONIC. It may pass although nobody waits for it any more.
    package func setDeadline(_ deadline: UInt64) { core.setDeadline(deadline, at: index) }
}

/// One descriptor in an ``EngineLoop`` and what to do when it is ready, until the watch is dropped or cancelled.
package final class LoopWatch: LoopMember {
    private let seat: LoopSeat
    private let descriptor: SharedDescriptor
    private let late: (@Sendable () -> Void)?
    private let handler: Mutex<(@Sendable (EventQueue.Event) -> Void)?>

    /// - Parameters:
    ///   - late: called when a deadline of ``setDeadline(_:)`` has passed.
    ///   - handler: called, like it, on the loop's thread.
    package init(
        _ loop: EngineLoop, _ descriptor: SharedDescriptor, _ interest: EventQueue.Interest,
        late: (@Sendable () -> Void)? = nil, _ handler: @escaping @Sendable (EventQueue.Event) -> Void
    ) throws(Errno) {
        seat = try loop.makeSeat()
        self.descriptor = descriptor
        self.late = late
        self.handler = Mutex(handler)
        seat.occupy(by: self)
        try seat.watch(descriptor.descriptor, interest, as: 0)
    }

    deinit { cancel() }

    /// No call begins after this, though one may be under way on the loop's thread.
    package func cancel() {
        let wasWatching = handler.withLock { handler in
            defer { handler = nil }
            return handler != nil
        }
        if wasWatching { seat.unwatch(descriptor.descriptor) }
    }

    package func handle(_ event: EventQueue.Event) { handler.withLock { $0 }?(event) }
    package func deadlinePassed() { late?() }

    /// As that of its seat.
    package func setDeadline(_ deadline: UInt64) { seat.setDeadline(deadline) }
}
