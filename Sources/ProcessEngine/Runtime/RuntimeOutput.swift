import Glibc
import GuestProtocol
import LinuxKit
import Sandboxes

/// The reading end of a runtime's standard output or error.
///
/// What the host does not read stays in the pipe, and the runtime waits when that is full: a sink that takes its time slows
/// down the writer, not the host's memory.
final class RuntimeOutput {
    private static let pieceLength = 1 << 16
    /// What one call reads at most: all that a pipe can hold, unless root made it larger, while a runtime that goes on
    /// writing does not keep the loop from its siblings.
    private static let maximumLength = 1 << 20

    let descriptor: OwnedDescriptor
    private let stream: Output.Stream

    init(_ descriptor: consuming OwnedDescriptor, _ stream: Output.Stream) {
        self.descriptor = descriptor
        self.stream = stream
    }

    /// Passes on what has been written. False at the end, when nobody has the pipe open for writing.
    func drain(into sink: OutputSink) -> Bool {
        var total = 0
        while total < Self.maximumLength {
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: Self.pieceLength) { buffer, used in
                count = descriptor.withRaw { read($0, buffer.baseAddress, buffer.count) }
                used = max(0, count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 && errno == EAGAIN }
            sink(Output(stream: stream, timestampNanoseconds: WallClock.now(), bytes: bytes))
            // A pipe that gave less than was asked for was empty.
            if count < Self.pieceLength { return true }
            total += count
        }
        return true
    }
}
