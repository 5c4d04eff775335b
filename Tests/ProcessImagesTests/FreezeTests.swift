import CProcessImage
import Glibc
import LinuxKit
import ProcessImages
import SystemPackage
import TestSupport
import Testing

@Suite(.requiresRoot) struct FreezeTests {
    /// Answers every SIGUSR1 with a line that counts. It waits for the signal instead of handling it, because a handler
    /// that runs just before pause(2) is forgotten.
    static let counter = """
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        print("ready")
        count = 0
        while True:
            signal.sigwait([signal.SIGUSR1])
            count += 1
            print("alive", count)
        """

    @Test("a frozen program is a valid image that root alone may read, and every thread of it stands still")
    func standsStill() async throws {
        try await withScratchDirectory { directory in
            let subject = try Subject(try await CProgram.build(CProgram.busyThreads, in: directory))
            #expect(try subject.line() == "ready")
            let frozen = try ProcessFreezer.freeze(subject.target(), into: directory)
            let image = try ProcessImage.load(directory)
            #expect(image.threadCount == 13 && frozen.threads == 13)
            #expect(image.pid == UInt32(subject.child.pid))
            for name in ["state", "memory"] {
                #expect(try FileStatus.of(directory.appending(name)).permissions == [.ownerRead])
            }
            for tid in try Directory.entries(FilePath("/proc/\(subject.child.pid)/task")) {
                #expect(try SmallFile.text(FilePath("/proc/\(subject.child.pid)/task/\(tid)/stat")).contains(") T "))
            }
        }
    }

    @Test("a program whose image cannot be written goes on unharmed, however often that happens")
    func goesOn() async throws {
        try await withScratchDirectory { directory in
            let subject = try Subject(try await CProgram.build(CProgram.busyThreads, in: directory))
            #expect(try subject.line() == "ready")
            for _ in 0..<10 {
                #expect(throws: FreezeError.self) {
                    try ProcessFreezer.freeze(subject.target(), into: directory.appending("missing"))
                }
            }
            #expect(try subject.poke() == "all right")
            _ = try ProcessFreezer.freeze(subject.target(), into: directory)
            _ = try ProcessImage.load(directory)
        }
    }

    @Test("a program that is gone is not frozen")
    func gone() async throws {
        let subject = try Subject.python("pass")
        _ = try await subject.child.wait()
        try withScratchDirectory { directory throws in
            _ = #expect(throws: FreezeError.self) { try ProcessFreezer.freeze(subject.target(), into: directory) }
        }
    }

    /// Sets what an image has a place for, and tells where that place will find it.
    private static let facts = """
        os.umask(0o27); os.chdir("/usr"); os.nice(3)
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))
        signal.setitimer(signal.ITIMER_VIRTUAL, 1000, 5)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        r, w = os.pipe(); os.write(w, b"in a pipe"); os.dup2(w, 100)
        e = os.eventfd(7, os.EFD_SEMAPHORE | os.EFD_CLOEXEC)
        f = os.open("/etc/passwd", os.O_RDONLY); os.lseek(f, 11, os.SEEK_SET)
        threading.Thread(target=signal.pause, daemon=True).start()
        ctypes.CDLL(None).prctl(15, b"renamed", 0, 0, 0)
        print(r, w, e, f)
        signal.pause()
        """

    @Test("an image says of a process what the process was")
    func facts() throws {
        let subject = try Subject.python(Self.facts)
        let numbers = try subject.line().split(separator: " ").compactMap { Int32($0) }
        try withScratchDirectory { directory in
            _ = try ProcessFreezer.freeze(subject.target(), into: directory)
            let state = try FrozenState(directory)
            #expect(state.header.mode_mask == 0o27)
            #expect(state.header.nice == 3)
            #expect(state.text(state.header.working_directory) == "/usr")
            #expect(state.text(state.header.executable).hasPrefix("/usr/bin/python3"))
            #expect(state.header.limits.7.soft == 200 && state.header.limits.7.hard == 300)
            #expect(state.header.interval_timers.1.interval == 5_000_000_000)
            let threads: [thaw_thread] = state.table(\.threads)
            #expect(threads.count == 2)
            #expect(threads.map(\.tid).first == UInt32(subject.child.pid))
            #expect(withUnsafeBytes(of: threads[0].name) { String(decoding: $0.prefix(7), as: UTF8.self) } == "renamed")
            let actions: [thaw_action] = state.table(\.actions)
            #expect(actions.contains { $0.signal == UInt64(SIGHUP) && $0.handler == 1 })
            let descriptors: [thaw_descriptor] = state.table(\.descriptors)
            let byNumber = Dictionary(uniqueKeysWithValues: descriptors.map { ($0.number, $0) })
            let reader = try #require(byNumber[numbers[0]])
            #expect(reader.kind == THAW_FD_PIPE.rawValue)
            #expect(state.blob(reader.path, reader.a) == Array("in a pipe".utf8))
            let writer = try #require(byNumber[100])
            #expect(writer.kind == THAW_FD_SAME.rawValue && descriptors[Int(writer.a)].number == numbers[1])
            let event = try #require(byNumber[numbers[2]])
            #expect(event.kind == THAW_FD_EVENT.rawValue && event.position == 7 && event.a == 1)
            #expect(event.flags & 0o2000000 != 0)
            let file = try #require(byNumber[numbers[3]])
            #expect(file.kind == THAW_FD_PATH.rawValue && file.position == 11 && state.text(file.path) == "/etc/passwd")
            #expect(byNumber[1]?.kind == THAW_FD_GIVEN_OUTPUT.rawValue)
            #expect(byNumber[2]?.kind == THAW_FD_GIVEN_ERROR.rawValue)
        }
    }

    @Test("a connection that the runtime should have waited on and has not is missed")
    func missingRuntimeAPI() throws {
        let subject = try Subject.python(Self.counter)
        _ = try subject.line()
        try withScratchDirectory { directory in
            do throws(FreezeError) {
                _ = try ProcessFreezer.freeze(subject.target(runtimeAPIPort: 9), into: directory)
                Issue.record("it was frozen")
            } catch {
                #expect(error.description.contains("no connection from port 9"))
            }
        }
        #expect(try subject.poke() == "alive 1")
    }
}

/// The file `state` of an image, read as it is written.
struct FrozenState {
    private let bytes: [UInt8]
    let header: thaw_image

    init(_ directory: FilePath) throws {
        bytes = try SmallFile.bytes(directory.appending("state"), limit: 64 << 20)
        header = bytes.withUnsafeBytes { $0.loadUnaligned(as: thaw_image.self) }
    }

    func table<Entry: BitwiseCopyable>(_ table: KeyPath<thaw_image, thaw_table>) -> [Entry] {
        let place = header[keyPath: table]
        return bytes.withUnsafeBytes { bytes in
            (0..<Int(place.count)).map {
                bytes.loadUnaligned(
                    fromByteOffset: Int(place.offset) + $0 * MemoryLayout<Entry>.stride, as: Entry.self)
            }
        }
    }

    func blob(_ offset: UInt64, _ count: UInt64) -> [UInt8] {
        Array(bytes[Int(header.bytes.offset + offset)...].prefix(Int(count)))
    }

    func text(_ offset: UInt64) -> String {
        String(decoding: bytes[Int(header.bytes.offset + offset)...].prefix { $0 != 0 }, as: UTF8.self)
    }
}
