package import LinuxKit
package import SystemPackage

/// The descriptors of one loop on one thread, each with a token that says whose it is.
///
/// Shared by everything that lives in the loop: the servers of the Runtime API and their owner. Members may be added, changed
/// and removed on any thread while the loop waits.
package final class EventQueue: Sendable {
    package struct Event {
        package let token: UInt64
        fileprivate let readiness: Readiness

        package var isReadable: Bool { readiness.contains(.readable) }
        package var isWritable: Bool { readiness.contains(.writable) }
        /// The peer is gone.
        package var isBroken: Bool { !readiness.isDisjoint(with: [.hangUp, .error]) }
    }

    package enum Interest {
        case readable
        case writable
        /// Both, told once for each change: the owner reads and writes until there is no more.
        case changes

        fileprivate var readiness: Readiness {
            switch self {
            case .readable: .readable
            case .writable: .writable
            case .changes: [.readable, .writable, Readiness(rawValue: 1 << 31)]  // EPOLLET of epoll_ctl(2)
            }
        }
    }

    private struct Token: RawRepresentable, Sendable { let rawValue: UInt64 }

    private let epoll: Epoll<Token>

    package init() throws(Errno) { epoll = try Epoll() }

    /// Readable when an event waits, for an owner that polls several queues.
    package func withRaw<R>(_ body: (CInt) -> R) -> R { epoll.withRaw(body) }

    package func add(
        _ member: borrowing OwnedDescriptor, _ interest: Interest, token: UInt64
    ) throws(Errno) {
        try epoll.add(member, for: interest.readiness, token: Token(rawValue: token))
    }

    package func modify(
        _ member: borrowing OwnedDescriptor, _ interest: Interest, token: UInt64
    ) throws(Errno) {
        try epoll.modify(member, for: interest.readiness, token: Token(rawValue: token))
    }

    /// Needed before a member is closed only if a duplicate of it stays open, here or in another process.
    package func remove(_ member: borrowing OwnedDescriptor) throws(Errno) { try epoll.remove(member) }

    /// Waits for events and hands them to `body` in the order the kernel gives them.
    /// - Parameters:
    ///   - limit: how long at most; nil waits for ever.
    ///   - maximum: how many events to take at once.
    package func wait(
        atMost limit: Duration? = nil, maximum: Int = 16, _ body: (Event) -> Void
    ) throws(Errno) {
        try epoll.wait(atMost: limit, maximum: maximum) { body(Event(token: $0, readiness: $1)) }
    }
}
