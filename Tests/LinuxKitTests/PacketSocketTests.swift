import Glibc
import LinuxKit
import SystemPackage
import TestSupport
import Testing

@Suite struct PacketSocketTests {
    @Test("what an end said is heard, also if it went without having read everything")
    func unread() throws {
        var pair: (SharedDescriptor, SharedDescriptor?) = try PacketSocket.pair().take { ($0.shared(), $1.shared()) }
        let ours = pair.0
        try Array("to you".utf8).withUnsafeBytes { try ours.descriptor.sendMessage($0) }
        for word in ["one", "two"] {
            try Array(word.utf8).withUnsafeBytes { try pair.1?.descriptor.sendMessage($0) }
        }
        pair.1 = nil
        for word in ["one", "two", ""] {
            #expect(try ours.descriptor.receiveMessage(upTo: 64).bytes == Array(word.utf8))
        }
    }

    private static func send(
        _ bytes: [UInt8], _ descriptors: [SharedDescriptor], over socket: borrowing OwnedDescriptor
    ) throws(Errno) {
        let numbers = descriptors.map { $0.withRaw { $0 } }
        let outcome = bytes.withUnsafeBytes { buffer in
            Result { () throws(Errno) in try socket.sendMessage(buffer, descriptors: numbers) }
        }
        withExtendedLifetime(descriptors) {}
        try outcome.get()
    }

    @Test("messages stay whole, each with its descriptors in their order")
    func messages() throws {
        let (ours, theirs) = try PacketSocket.pair().take { ($0.shared(), $1.shared()) }
        let files = try (0..<4).map { try OwnedDescriptor.memoryFile(named: "file\($0)").shared() }
        try Self.send([1, 2, 3], [], over: ours.descriptor)
        try Self.send([4], files, over: ours.descriptor)
        try Self.send([5, 6], [files[2]], over: ours.descriptor)
        let received = try (0..<3).map { _ in try theirs.descriptor.receiveMessage(upTo: 64) }
        #expect(received.map(\.bytes) == [[1, 2, 3], [4], [5, 6]])
        #expect(received.map(\.descriptors.count) == [0, 4, 1])
        for (file, copy) in zip(files, received[1].descriptors) {
            #expect(try FileStatus.of(file.descriptor).inode == FileStatus.of(copy.descriptor).inode)
        }
        let flags = try syscall { received[1].descriptors[0].withRaw { fcntl($0, F_GETFD) } }
        #expect(flags & FD_CLOEXEC != 0)
    }

    @Test("neither side ever waits: an empty socket, a full one and a closed one say so")
    func edges() throws {
        let (ours, theirs) = try PacketSocket.pair().take { ($0.shared(), Optional($1.shared())) }
        #expect(throws: Errno.resourceTemporarilyUnavailable) { try ours.descriptor.receiveMessage(upTo: 8) }
        #expect(throws: Errno.resourceTemporarilyUnavailable) {
            while true { try Self.send([UInt8](repeating: 0, count: 4096), [], over: ours.descriptor) }
        }
        let end = theirs
        withExtendedLifetime(end) {}
    }

    @Test("the end of the other side is an empty message, and nothing can be sent to it")
    func closed() throws {
        var pair: (SharedDescriptor, SharedDescriptor?) = try PacketSocket.pair().take { ($0.shared(), $1.shared()) }
        pair.1 = nil
        #expect(try pair.0.descriptor.receiveMessage(upTo: 8).bytes.isEmpty)
        #expect(throws: Errno.brokenPipe) { try Self.send([1], [], over: pair.0.descriptor) }
    }

    @Test("more descriptors than a message holds are refused, and a short buffer loses bytes, not descriptors")
    func limits() throws {
        let (ours, theirs) = try PacketSocket.pair().take { ($0.shared(), $1.shared()) }
        let file = try OwnedDescriptor.memoryFile(named: "file").shared()
        let most = PacketSocket.maximumDescriptors
        #expect(throws: Errno.invalidArgument) {
            try Self.send([1], Array(repeating: file, count: most + 1), over: ours.descriptor)
        }
        try Self.send([1, 2, 3], Array(repeating: file, count: most), over: ours.descriptor)
        let message = try theirs.descriptor.receiveMessage(upTo: 2)
        #expect(message.bytes == [1, 2] && message.descriptors.count == most)
    }
}
