internal import CLinux
import Glibc
package import SystemPackage

/// epoll(7), level triggered, with a token of the caller's choice per descriptor.
package struct Epoll<Token: RawRepresentable & Sendable>: ~Copyable, Sendable where Token.RawValue == UInt64 {
    package struct Event: Sendable {
        package let token: Token
        package let readiness: Readiness
    }

    private let descriptor: OwnedDescriptor

    package init() throws(Errno) {
        descriptor = try OwnedDescriptor { epoll_create1(CInt(EPOLL_CLOEXEC)) }
    }

    /// Lends the epoll descriptor, readable when any member is ready: one loop can poll another's.
    package borrowing func withRaw<R, E: Error>(_ body: (CInt) throws(E) -> R) throws(E) -> R {
        try descriptor.withRaw(body)
    }

    /// The descriptor must be removed before it is closed if a duplicate of it stays open.
    package borrowing func add(
        _ member: borrowing OwnedDescriptor, for readiness: Readiness, token: Token
    ) throws(Errno) {
        try control(EPOLL_CTL_ADD, member, readiness, token.rawValue)
    }

    package borrowing func modify(
        _ member: borrowing OwnedDescriptor, for readiness: Readiness, token: Token
    ) throws(Errno) {
        try control(EPOLL_CTL_MOD, member, readiness, token.rawValue)
    }

    package borrowing func remove(_ member: borrowing OwnedDescriptor) throws(Errno) {
        try control(EPOLL_CTL_DEL, member, [], 0)
    }

    private borrowing func control(
        _ operation: CInt, _ member: borrowing OwnedDescriptor, _ readiness: Readiness, _ token: UInt64
    ) throws(Errno) {
        var event = epoll_event(events: readiness.rawValue, data: epoll_data_t(u64: token))
        try descriptor.withRaw { epoll throws(Errno) in
            try member.withRaw { raw throws(Errno) in
                _ = try syscall { epoll_ctl(epoll, operation, raw, &event) }
            }
        }
    }

    /// Waits until a member is ready; empty when `limit` passed first, nil waits for ever. Blocks the thread.
    ///
    /// Events whose token does not translate back are dropped: only tokens given to ``add(_:for:token:)`` can come.
    package borrowing func wait(atMost limit: Duration? = nil, maximum: Int = 64) throws(Errno) -> [Event] {
        var events: [Event] = []
        try wait(atMost: limit, maximum: maximum) { token, readiness in
            if let token = Token(rawValue: token) { events.append(Event(token: token, readiness: readiness)) }
        }
        return events
    }

    /// The same for who takes each event as the kernel gives it: without a list, and with tokens as they are.
    package borrowing func wait(
        atMost limit: Duration? = nil, maximum: Int = 64, _ body: (_ token: UInt64, Readiness) -> Void
    ) throws(Errno) {
        try descriptor.withRaw { raw throws(Errno) in
            if let code = takeEvents(of: raw, atMost: limit, maximum, body) { throw code }
        }
    }
}

private func takeEvents(
    of epoll: CInt, atMost limit: Duration?, _ maximum: Int, _ body: (UInt64, Readiness) -> Void
) -> Errno? {
    let deadline = limit.map { MonotonicClock.now() + UInt64(max(0, $0.nanoseconds)) }
    return withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: max(1, maximum)) { events in
        while true {
            let left = deadline.map { deadline -> CInt in
                let now = MonotonicClock.now()
                return deadline <= now ? 0 : CInt(clamping: (deadline - now + 999_999) / 1_000_000)
            }
            let ready = epoll_wait(epoll, events.baseAddress, CInt(events.count), left ?? -1)
            if ready >= 0 {
                for event in events.prefix(Int(ready)) { body(event.data.u64, Readiness(rawValue: event.events)) }
                return nil
            }
            let code = Errno(rawValue: errno)
            if code != .interrupted { return code }
        }
    }
}
