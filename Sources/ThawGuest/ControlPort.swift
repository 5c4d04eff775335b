import Glibc
import GuestProtocol
import LinuxKit

/// Frames to and from the host over a descriptor that never blocks.
///
/// What the host does not take yet is kept. Only what the runtime writes to its standard output can grow without bound, so
/// whoever reads that asks ``hasRoom`` first: then the runtime waits for its pipe, and everything else stays small.
final class ControlPort {
    enum Received {
        case frame([UInt8])
        /// Nothing more has arrived.
        case nothing
        case unreadable(FrameError)
        /// The connection has ended, as it does in every clone: see ``reconnect()``.
        case broken
    }

    private static let room = 1 << 20

    private(set) var descriptor: OwnedDescriptor
    /// Finds the host again. Nil: the port is one that never breaks.
    private let reopen: (() throws(GuestError) -> OwnedDescriptor)?
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    private var decoder = FrameDecoder()
    private var unsent: [UInt8] = []
    private var unsentPosition = 0

    init(
        _ descriptor: consuming OwnedDescriptor, reopen: (() throws(GuestError) -> OwnedDescriptor)? = nil
    ) {
        self.descriptor = descriptor
        self.reopen = reopen
    }

    deinit { scratch.deallocate() }

    private var raw: CInt { descriptor.withRaw { $0 } }
    var hasRoom: Bool { unsent.count - unsentPosition < Self.room }
    var hasUnsent: Bool { unsentPosition < unsent.count }

    /// The next frame from the host. Call until ``Received/nothing``: changes are told once.
    func receive() -> Received {
        while true {
            do throws(FrameError) {
                if let frame = try decoder.next() { return .frame(frame) }
            } catch {
                return .unreadable(error)
            }
            let count = read(raw, scratch.baseAddress, scratch.count)
            if count > 0 {
                decoder.append(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
            } else if count == 0 || errno != EINTR {
                if reopen != nil, count == 0 || errno != EAGAIN { return .broken }
                // 0 is a port whose host end is not connected: its return is told as a change.
                return .nothing
            }
        }
    }

    /// Connects to whichever host is there now. What the other had not read, and what came from it in part, is gone.
    func reconnect() throws(GuestError) {
        guard let reopen else { return }
        descriptor = try reopen()
        decoder = FrameDecoder()
        unsent = []
        unsentPosition = 0
    }

    func send(_ message: GuestMessage) {
        let frame = message.encoded()
        if hasUnsent {
            unsent.append(contentsOf: frame)
            return
        }
        let taken = frame.withUnsafeBytes { write($0) }
        if taken < frame.count {
            unsent = frame
            unsentPosition = taken
        }
    }

    /// Goes on with what the host did not take.
    func flush() {
        guard hasUnsent else { return }
        unsentPosition += unsent.withUnsafeBytes { write(UnsafeRawBufferPointer(rebasing: $0[unsentPosition...])) }
        if !hasUnsent {
            unsent = []
            unsentPosition = 0
        }
    }

    /// How many bytes the port took before it was full or broken; a broken one ends with the machine.
    private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        var position = 0
        while position < bytes.count {
            let count = Glibc.write(raw, bytes.baseAddress.map { $0 + position }, bytes.count - position)
            if count > 0 {
                position += count
            } else if count == 0 || errno != EINTR {
                break
            }
        }
        return position
    }
}
