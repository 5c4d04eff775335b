import Glibc
import LinuxKit
import Logging
import SystemPackage
import TestSupport
import Testing
import Worker

@Suite struct GenerationTests {
    private static let noon: UInt64 = 1_795_424_579_068_460_993
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func open(_ directory: FilePath, at clock: UInt64 = noon) throws -> Generations {
        try Generations(at: directory.appending("generation"), wallClock: clock, logger: logger)
    }

    @Test("generations begin with the clock, and each is one more than the last")
    func growing() throws {
        try withScratchDirectory { directory in
            let generations = try Self.open(directory)
            #expect((0..<3).map { _ in generations.next() } == (1...3).map { Self.noon / 1000 + $0 })
        }
    }

    @Test(
        "a later server's are greater, wherever its clock stands",
        arguments: [Self.noon + 1, Self.noon, Self.noon - 86_400_000_000_000, 0])
    func later(clock: UInt64) throws {
        try withScratchDirectory { directory in
            let first = try Self.open(directory)
            let given = (0..<10).map { _ in first.next() }
            #expect(try Self.open(directory, at: clock).next() > given[9])
        }
    }

    @Test("the file is ahead of what was given out, however much that is")
    func reserved() throws {
        try withScratchDirectory { directory in
            let generations = try Self.open(directory)
            var last: UInt64 = 0
            // Reservations are made meanwhile: the last number comes after at least one was due.
            for _ in 0..<Generations.step { last = generations.next() }
            let deadline = MonotonicClock.now() + 20_000_000_000
            func known() throws -> UInt64 {
                let text = try SmallFile.text(directory.appending("generation"))
                return UInt64(text.prefix { $0 != "\n" }) ?? 0
            }
            while try known() <= last + Generations.step / 4, MonotonicClock.now() < deadline { sched_yield() }
            #expect(try known() > last)
            #expect(try Self.open(directory, at: 0).next() > last)
        }
    }

    @Test(
        "a file without a number is as none",
        arguments: ["", "x\n", "-1\n", "18446744073709551615\n", "99999999999999999999\n"])
    func damaged(text: String) throws {
        try withScratchDirectory { directory in
            try DurableFile.write(text.utf8, to: directory.appending("generation"))
            #expect(try Self.open(directory).next() == Self.noon / 1000 + 1)
        }
    }

    @Test("no two of many at once are alike")
    func concurrent() async throws {
        try await withScratchDirectory { directory in
            let generations = try Self.open(directory)
            let made = await withTaskGroup(of: [UInt64].self) { group in
                for _ in 0..<8 { group.addTask { (0..<1000).map { _ in generations.next() } } }
                return await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(made).count == 8000)
        }
    }
}
