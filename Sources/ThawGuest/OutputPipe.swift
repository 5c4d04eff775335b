import Glibc
import GuestProtocol
import LinuxKit

/// The reading end of the runtime's standard output or error.
final class OutputPipe {
    private static let pieceLength = 1 << 16
    /// The most that a pipe can hold, unless root made it larger.
    private static let maximumContent = 1 << 20

    let descriptor: OwnedDescriptor
    private let stream: Output.Stream
    /// Bytes may wait although the last change has been seen: reading stopped because the host was slow.
    private var isHeldBack = false

    init(_ descriptor: consuming OwnedDescriptor, stream: Output.Stream) {
        self.descriptor = descriptor
        self.stream = stream
    }

    private var raw: CInt { descriptor.withRaw { $0 } }

    /// Passes on what has been written, as long as the port has room.
    func drain(into port: ControlPort) {
        repeat {
            isHeldBack = !port.hasRoom
        } while !isHeldBack && passPiece(to: port)
    }

    /// Passes on all that is in the pipe, whether the port has room or not: what comes after it must not overtake it.
    func flush(into port: ControlPort) {
        var passed = 0
        while passed < Self.maximumContent, passPiece(to: port) { passed += Self.pieceLength }
    }

    /// Whether there may be more. A pipe that gave less than was asked for was empty; what comes later is told.
    private func passPiece(to port: ControlPort) -> Bool {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.pieceLength) { buffer, used in
            repeat { count = read(raw, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
            used = max(0, count)
        }
        guard count > 0 else { return false }
        port.send(.output(Output(stream: stream, timestampNanoseconds: WallClock.now(), bytes: bytes)))
        return count == Self.pieceLength
    }

    /// Goes on after the host has made room.
    func resume(into port: ControlPort) {
        if isHeldBack { drain(into: port) }
    }
}
