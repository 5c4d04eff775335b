import GuestProtocol
import LinuxKit
import Synchronization
import SystemPackage

/// Everything that joins one runtime with the host, made ahead: a listener for the Runtime API, one connection that is already
/// dialled and accepted, and the pipes of its output. Serves one runtime.
package final class RuntimeEndpoint: Sendable {
    /// AWS's, and part of every snapshot.
    package static let port = RuntimeAPIAddress.port

    /// What the process gets; it must be dropped here once it is passed on, or the host never sees the runtime let go of it.
    package struct ProcessSide: Sendable {
        /// The client's end of the dialled connection; a runtime that boots makes its own.
        package let connection: SharedDescriptor
        package let standardOutput: SharedDescriptor
        package let standardError: SharedDescriptor
    }

    package struct HostSide: ~Copyable, Sendable {
        let listener: OwnedDescriptor
        /// The server's end of the dialled connection.
        let connection: OwnedDescriptor
        let standardOutput: OwnedDescriptor
        let standardError: OwnedDescriptor
    }

    /// The pipes, as /proc names them in both processes.
    let standardOutputInode: UInt64
    let standardErrorInode: UInt64
    private let hostSide: Mutex<HostSide?>
    private let processSide: Mutex<ProcessSide?>

    /// Makes it in the calling thread's network namespace, whose loopback is up. Call it inside ``NetworkNamespace/run(in:_:)``.
    /// - Parameter user: whose pipes those of the output are by the kernel's count; nil: the caller's.
    package static func open(chargedTo user: UInt32? = nil) throws(Errno) -> RuntimeEndpoint {
        let listener = try LoopbackSocket.listen(port: port)
        let client = try LoopbackSocket.connect(port: port)
        var server = try LoopbackSocket.accept(from: listener)
        if server == nil, try listener.wait(for: .readable, atMost: .seconds(1)) {
            server = try LoopbackSocket.accept(from: listener)
        }
        guard let connection = server.take() else { throw .timedOut }
        return try RuntimeEndpoint(listener, client, connection, user)
    }

    private init(
        _ listener: consuming OwnedDescriptor, _ client: consuming OwnedDescriptor,
        _ connection: consuming OwnedDescriptor, _ user: UInt32?
    ) throws(Errno) {
        let output = try Self.pipe(of: user)
        let errors = try Self.pipe(of: user)
        standardOutputInode = try FileStatus.of(output.reader).inode
        standardErrorInode = try FileStatus.of(errors.reader).inode
        processSide = Mutex(
            ProcessSide(connection: client.shared(), standardOutput: output.writer, standardError: errors.writer))
        hostSide = Mutex(
            HostSide(
                listener: listener, connection: connection, standardOutput: output.reader,
                standardError: errors.reader))
    }

    private struct Pipe: ~Copyable {
        let reader: OwnedDescriptor
        let writer: SharedDescriptor
    }

    private static func pipe(of user: UInt32?) throws(Errno) -> Pipe {
        try OwnedDescriptor.pipe(chargedTo: user).take { reader, writer throws(Errno) in
            // Only this end: the runtime expects its standard output to wait when it is full.
            try reader.setNonblocking()
            return Pipe(reader: reader, writer: writer.shared())
        }
    }

    /// Once.
    package func takeProcessSide() -> ProcessSide? { processSide.withLock { $0.take() } }
    /// Once.
    func takeHostSide() -> HostSide? { hostSide.withLock { $0.take() } }
}
