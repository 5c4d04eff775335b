internal import Glibc
internal import LinuxKit
internal import SystemPackage

/// One connection of the runtime to the server: what has been read and not yet understood, and what has not yet been sent.
final class Connection {
    enum Received {
        case bytes
        case nothing
        /// The peer has closed its side, or the connection broke.
        case end
    }

    private static let sendFlags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)

    let descriptor: OwnedDescriptor
    var parser = HTTPRequestParser()
    /// Tells events of this connection from those of an earlier one at the same place.
    let token: UInt64
    /// When something came last: the server counts what it reads.
    var lastRead: UInt64 = 0
    /// Whether the connection stays open after what is being sent.
    private(set) var keepAlive = true
    private var unsent: [UInt8] = []
    private var unsentPosition = 0

    init(descriptor: consuming OwnedDescriptor, token: UInt64) {
        self.descriptor = descriptor
        self.token = token
    }

    private var raw: CInt { descriptor.withRaw { $0 } }
    var hasUnsent: Bool { unsentPosition < unsent.count }
    /// Between two requests, as far as has been read.
    var isIdle: Bool { !hasUnsent && parser.isBetweenRequests }

    /// Reads once into `scratch` and hands the bytes to the parser.
    func receive(_ scratch: UnsafeMutableRawBufferPointer) -> Received {
        while true {
            let count = recv(raw, scratch.baseAddress, scratch.count, CInt(MSG_DONTWAIT))
            if count > 0 {
                parser.append(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
                return .bytes
            }
            if count == 0 { return .end }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .nothing : .end
        }
    }

    /// Sends what fits now and keeps the rest. False when the connection is broken.
    func send(_ bytes: [UInt8]) -> Bool {
        guard !hasUnsent else {
            unsent.append(contentsOf: bytes)
            return true
        }
        let sent = bytes.withUnsafeBytes { write($0) }
        guard let sent else { return false }
        if sent < bytes.count {
            unsent = bytes
            unsentPosition = sent
        }
        return true
    }

    /// Sends a constant answer: no copy is made unless the socket is full.
    func send(_ literal: StaticString) -> Bool {
        let bytes = UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
        guard !hasUnsent else {
            unsent.append(contentsOf: bytes)
            return true
        }
        guard let sent = write(bytes) else { return false }
        if sent < bytes.count {
            unsent = Array(bytes[sent...])
            unsentPosition = 0
        }
        return true
    }

    /// Goes on sending. False when the connection is broken.
    func flush() -> Bool {
        let sent = unsent.withUnsafeBytes { write(UnsafeRawBufferPointer(rebasing: $0[unsentPosition...])) }
        guard let sent else { return false }
        unsentPosition += sent
        if !hasUnsent {
            unsent = []
            unsentPosition = 0
        }
        return true
    }

    func closeAfterSending() { keepAlive = false }

    /// How many bytes the socket took; nil when it is broken.
    private func write(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var position = 0
        while position < bytes.count {
            let count = Glibc.send(
                raw, bytes.baseAddress.map { $0 + position }, bytes.count - position, Self.sendFlags)
            if count >= 0 {
                position += count
            } else if errno == EAGAIN {
                return position
            } else if errno != EINTR {
                return nil
            }
        }
        return position
    }
}
