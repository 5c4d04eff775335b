import CProcessImage
import GuestProtocol
import LinuxKit
import Sandboxes
import SystemPackage

/// The socket over which a clone says that it is complete, and is told to run.
package struct ControlChannel: Sendable {
    /// What a clone says.
    package enum Message: Sendable, Hashable {
        /// It is complete, and waits.
        case parked
        case failed(RestorerFailure)
        /// It has let go of the socket: it runs, or has ended.
        case closed
    }

    private static let packetSize = 64

    let ours: SharedDescriptor

    /// - Returns: also the clone's end; as long as the host keeps that, ``Message/closed`` does not come.
    static func make() throws(SandboxError) -> (channel: ControlChannel, theirs: SharedDescriptor) {
        let pair = try hostCall("make a socket pair") { try PacketSocket.pair() }
        let (ours, theirs) = pair.take { ($0.shared(), $1.shared()) }
        return (ControlChannel(ours: ours), theirs)
    }

    /// Lets the clone run, now or when it will have come so far.
    func wake(_ uniqueness: Uniqueness) throws(SandboxError) {
        var message = thaw_wake()
        message.kind = THAW_WAKE.rawValue
        message.generation = uniqueness.generation
        message.wall_clock = uniqueness.wallClockNanoseconds
        withUnsafeMutableBytes(of: &message.entropy) { $0.copyBytes(from: uniqueness.entropy.prefix($0.count)) }
        let outcome = withUnsafeBytes(of: message) { bytes in
            Result { () throws(Errno) in try ours.descriptor.sendMessage(bytes) }
        }
        if case .failure(let error) = outcome {
            throw .lost("the clone cannot be woken: \(error)", during: .restore)
        }
    }

    /// What the clone has said and nobody has read; nil when that is nothing.
    func receive() -> Message? {
        let message: SocketMessage
        do {
            message = try ours.descriptor.receiveMessage(upTo: Self.packetSize)
        } catch .resourceTemporarilyUnavailable {
            return nil
        } catch {
            return .closed
        }
        if let failure = RestorerFailure(packet: message.bytes) { return .failed(failure) }
        guard message.bytes.count >= 4 else { return .closed }
        let kind = message.bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
        return kind == THAW_PARKED.rawValue ? .parked : .closed
    }

    /// The failure that the clone reported, if it did.
    func failure() -> RestorerFailure? {
        while let message = receive() {
            switch message {
            case .failed(let failure): return failure
            case .parked: continue
            case .closed: return nil
            }
        }
        return nil
    }
}
