import Glibc
import LinuxKit
import SystemPackage
import TestSupport
import Testing

private struct Token: RawRepresentable, Sendable, Hashable {
    let rawValue: UInt64
}

/// Both ends, for as long as the test wants them.
private func pipe(nonblocking: Bool = false) throws -> (reader: SharedDescriptor, writer: SharedDescriptor) {
    try OwnedDescriptor.pipe(nonblocking: nonblocking).take { ($0.shared(), $1.shared()) }
}

@Suite struct DescriptorTests {
    @Test("a descriptor is closed when its owner goes, not before, and not when it was given up")
    func ownership() throws {
        func isOpen(_ number: CInt) -> Bool { fcntl(number, F_GETFD) >= 0 }
        let kept = try OwnedDescriptor.memoryFile(named: "kept")
        let isKeptOpen = kept.withRaw(isOpen)
        #expect(isKeptOpen)
        let number = try OwnedDescriptor.memoryFile(named: "given up").relinquish()
        #expect(isOpen(number))
        #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
        close(number)
    }

    @Test("a failed call throws its errno and owns nothing")
    func failure() {
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try OwnedDescriptor.open("/nonexistent", .readOnly).relinquish()
        }
        #expect(throws: Errno.notDirectory) { try OwnedDescriptor.openDirectory("/etc/passwd").relinquish() }
        #expect(throws: Errno.badFileDescriptor) { try OwnedDescriptor { fcntl(-1, F_DUPFD, 0) }.relinquish() }
    }

    @Test("what is written is read, to the end, and never more than the limit")
    func reading() throws {
        let file = try OwnedDescriptor.memoryFile(named: "text")
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        try file.writeAll(bytes)
        _ = file.withRaw { lseek($0, 0, SEEK_SET) }
        #expect(try file.readAll() == bytes)
        _ = file.withRaw { lseek($0, 0, SEEK_SET) }
        #expect(throws: Errno.fileTooLarge) { try file.readAll(limit: bytes.count - 1) }
        _ = file.withRaw { lseek($0, 0, SEEK_SET) }
        #expect(try file.readAll(limit: bytes.count) == bytes)
    }

    @Test("a nonblocking descriptor says when there is nothing, and a wait ends in time")
    func nonblocking() throws {
        let (reader, writer) = try pipe(nonblocking: true)
        #expect(throws: Errno.resourceTemporarilyUnavailable) { try reader.descriptor.read(upTo: 1) }
        #expect(try reader.descriptor.wait(for: .readable, atMost: .milliseconds(1)) == false)
        #expect(try reader.descriptor.wait(for: .readable, atMost: .seconds(-1)) == false)
        #expect(try writer.descriptor.write([1, 2]) == 2)
        #expect(try reader.descriptor.wait(for: .readable, atMost: nil))
        #expect(try reader.descriptor.read(upTo: 10) == [1, 2])
    }

    @Test("writeAll waits for a reader that is slower, even on a nonblocking pipe")
    func slowReader() async throws {
        let (reader, writer) = try pipe(nonblocking: true)
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        async let written: Void = BlockingThread.run { () throws(Errno) in try writer.descriptor.writeAll(bytes) }
        let count = try await BlockingThread.run { () throws(Errno) in
            var count = 0
            while count < bytes.count {
                _ = try reader.descriptor.wait(for: .readable, atMost: nil)
                count += try reader.descriptor.read(upTo: 100_000).count
            }
            return count
        }
        try await written
        #expect(count == bytes.count)
    }

    @Test("a descriptor passes through a socket, close-on-exec; a message without one is an error")
    func passing() throws {
        let (one, other) = try OwnedDescriptor.socketPair().take { ($0.shared(), $1.shared()) }
        let file = try OwnedDescriptor.memoryFile(named: "passed")
        try one.descriptor.send(file)
        let received = try other.descriptor.receiveDescriptor()
        let flags = received.withRaw { fcntl($0, F_GETFD) }
        #expect(flags == FD_CLOEXEC)
        let inodes = [try FileStatus.of(received).inode, try FileStatus.of(file).inode]
        #expect(inodes[0] == inodes[1])
        try one.descriptor.writeAll([0])
        #expect(throws: Errno.noData) { try other.descriptor.receiveDescriptor().relinquish() }
    }

    @Test("epoll tells which member is ready for what, until it is removed")
    func epoll() throws {
        let poller = try Epoll<Token>()
        let (reader, writer) = try pipe()
        try poller.add(reader.descriptor, for: .readable, token: Token(rawValue: .max))
        try poller.add(writer.descriptor, for: [], token: Token(rawValue: 2))
        #expect(try poller.wait(atMost: .zero).isEmpty)
        try writer.descriptor.writeAll([1])
        var events = try poller.wait()
        #expect(events.map(\.token) == [Token(rawValue: .max)])
        #expect(events.map(\.readiness) == [.readable])
        try poller.modify(writer.descriptor, for: .writable, token: Token(rawValue: 3))
        events = try poller.wait()
        #expect(Set(events.map(\.token)) == [Token(rawValue: .max), Token(rawValue: 3)])
        try poller.remove(reader.descriptor)
        #expect(try poller.wait().map(\.token) == [Token(rawValue: 3)])
        #expect(throws: Errno.noSuchFileOrDirectory) { try poller.remove(reader.descriptor) }
        #expect(throws: Errno.fileExists) {
            try poller.add(writer.descriptor, for: .readable, token: Token(rawValue: 4))
        }
    }

    @Test("epoll reports a peer that has gone")
    func hangUp() throws {
        let poller = try Epoll<Token>()
        let (reader, writer) = try OwnedDescriptor.pipe().take { ($0.shared(), $1.relinquish()) }
        try poller.add(reader.descriptor, for: .readable, token: Token(rawValue: 1))
        close(writer)
        #expect(try poller.wait().first?.readiness.contains(.hangUp) == true)
    }

    @Test("signals come through a descriptor, each once")
    func signals() throws {
        // On its own thread: the mask it sets belongs to that.
        let pending = try PosixThread.runAndWait { () throws(Errno) -> [[CInt]] in
            let signals = try SignalDescriptor([SIGUSR1, SIGUSR2])
            let before = try signals.pending()
            pthread_kill(pthread_self(), SIGUSR1)
            pthread_kill(pthread_self(), SIGUSR2)
            pthread_kill(pthread_self(), SIGUSR1)
            return [before, try signals.pending(), try signals.pending()]
        }.get()
        #expect(pending == [[], [SIGUSR1, SIGUSR2], []])
    }

    @Test("a number that is no signal is refused", arguments: [0, -1, 65] as [CInt])
    func noSignal(number: CInt) {
        #expect(throws: Errno.invalidArgument) { try SignalDescriptor([number]).descriptor.withRaw { _ in } }
    }

    @Test("loopback connections are accepted without blocking")
    func loopback() throws {
        let listener = try LoopbackSocket.listen(port: 0)
        #expect(try LoopbackSocket.accept(from: listener)?.relinquish() == nil)
        let port = try LoopbackSocket.port(of: listener)
        let client = try LoopbackSocket.connect(port: port)
        #expect(try listener.wait(for: .readable, atMost: .seconds(10)))
        guard let server = try LoopbackSocket.accept(from: listener) else {
            Issue.record("no connection")
            return
        }
        #expect(throws: Errno.resourceTemporarilyUnavailable) { try server.read(upTo: 1) }
        try client.writeAll([42])
        #expect(try server.wait(for: .readable, atMost: .seconds(10)))
        #expect(try server.read(upTo: 10) == [42])
        #expect(throws: Errno.addressInUse) { try LoopbackSocket.listen(port: port).relinquish() }
    }
}

@Suite struct ThreadTests {
    struct Failure: Error, Equatable {}

    @Test("blocking work runs on a thread of its own, and its error is its own type")
    func blocking() async throws {
        let here = gettid()
        #expect(await BlockingThread.run { gettid() } != here)
        await #expect(throws: Failure()) { try await BlockingThread.run { () throws(Failure) in throw Failure() } }
    }

    @Test("a serial thread keeps order and stays the same thread")
    func serial() async throws {
        let thread = try SerialThread()
        let first = await thread.run { gettid() }
        for _ in 0..<10 { #expect(await thread.run { gettid() } == first) }
        await #expect(throws: Failure()) { try await thread.run { () throws(Failure) in throw Failure() } }
        #expect(first != gettid())
    }

    @Test("a serial thread ends when it is released, after its work")
    func serialEnds() async throws {
        let reader = try await {
            let (reader, writer) = try OwnedDescriptor.pipe().take { ($0.shared(), $1.shared()) }
            let thread = try SerialThread()
            await thread.run { writer.withRaw { _ in } }
            return reader
        }()
        let ended = try await BlockingThread.run { () throws(Errno) in
            try reader.descriptor.wait(for: .readable, atMost: .seconds(20))
        }
        #expect(ended)
    }

    @Test(
        "durations are whole nanoseconds, and huge ones do not trap",
        arguments: [
            (Duration.zero, Int64(0)), (.milliseconds(3), 3_000_000), (.seconds(-2), -2_000_000_000),
            (.seconds(Int64.max), .max), (.nanoseconds(1), 1),
        ])
    func nanoseconds(duration: Duration, expected: Int64) { #expect(duration.nanoseconds == expected) }

    @Test("clocks tell plausible times, random bytes differ")
    func clocksAndRandom() {
        #expect(WallClock.now() > 1_700_000_000_000_000_000)
        let before = MonotonicClock.now()
        #expect(MonotonicClock.now() >= before)
        let bytes = SystemRandom.bytes(1000)
        #expect(bytes.count == 1000 && bytes != SystemRandom.bytes(1000))
        #expect(SystemRandom.bytes(0).isEmpty)
    }

    @Test("the kernel takes entropy, but only a sensible amount", .requiresRoot)
    func reseed() throws {
        try Kernel.reseedRandom(with: SystemRandom.bytes(64))
        #expect(throws: Errno.invalidArgument) { try Kernel.reseedRandom(with: []) }
        #expect(throws: Errno.invalidArgument) { try Kernel.reseedRandom(with: [UInt8](repeating: 0, count: 513)) }
    }

    private func gettid() -> pthread_t { pthread_self() }
}
