import Glibc
import GuestProtocol
import LinuxKit

/// The reading end of the runtime's standard output or error.
final class OutputPipe {
    private static let pieceLength = 1 << 16

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
        while true {
            isHeldBack = !port.hasRoom
            if isHeldBack { return }
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: Self.pieceLength) { buffer, used in
                count = read(raw, buffer.baseAddress, buffer.count)
                used = max(0, count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            port.send(.output(Output(stream: stream, timestampNanoseconds: WallClock.now(), bytes: bytes)))
            // A pipe that gave less than was asked for was empty; what comes later is told.
            if count < Self.pieceLength { return }
        }
    }

    /// Goes on after the host has made room.
    func resume(into port: ControlPort) {
        if isHeldBack { drain(into: port) }
    }
}
