import Foundation
import FunctionModel
import LinuxKit
import Logging
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Worker

@Suite("Functions' logs are bounded")
struct LogLimitTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// - Parameter clock: time stands still unless it is given.
    private func with(
        _ limits: LogLimits, clock: WorkerClock? = nil, _ body: (LogFiles, FilePath) async throws -> Void
    ) async throws {
        try await withScratchDirectory { directory in
            let files = LogFiles(
                directory: directory, limits: limits, clock: clock ?? ManualClock().clock, logger: Self.logger)
            try await body(files, directory)
            await files.stop()
        }
    }

    private static func line(_ number: Int, bytes: Int = 1000) -> [UInt8] {
        let text = "t\t\(number) "
        return Array((text + String(repeating: "x", count: bytes - text.utf8.count - 1) + "\n").utf8)
    }

    private static func stream(_ number: Int) -> String {
        "2026/11/30/[1]\(String(repeating: "0", count: 31))\(number)"
    }

    // MARK: - A flood

    @Test("a function that floods loses lines, its log says how many and when, and others lose none")
    func flood() async throws {
        let time = ManualClock()
        try await with(LogLimits(bytesPerSecond: 1 << 20), clock: time.clock) { files, directory in
            let (loud, quiet) = (Self.stream(1), Self.stream(2))
            for number in 0..<20_000 {
                files.append(Self.line(number), to: files.file(function: "loud", stream: loud))
                if number % 1000 == 0 {
                    files.append(Self.line(number), to: files.file(function: "quiet", stream: quiet))
                }
            }
            files.append(Array("t\tEND\n".utf8), to: files.file(function: "loud", stream: loud), always: true)
            await files.flush()
            let kept = try LogDirectory.lines(directory.appending("loud"))
            let marks = kept.filter { $0.hasPrefix("LOGS_DROPPED") }
            let lines = kept.filter { $0.hasSuffix("x") }
            // Eight seconds' worth.
            #expect(lines.count == (8 << 20) / 1000)
            #expect(
                marks == [
                    "LOGS_DROPPED Lines: \(20_000 - lines.count)\tBytes: \((20_000 - lines.count) * 1000)\t"
                        + "From: 2023-07-05T10:20:30.040Z\tTo: 2023-07-05T10:20:30.040Z\tStream: \(loud)\t"
                        + "Reason: faster than 1 MB/s"
                ])
            #expect(kept.suffix(2) == [marks.first, "END"])
            #expect(try LogDirectory.lines(directory.appending("quiet")).count == 20)
        }
    }

    @Test("and may write again once a second's worth is free")
    func refill() async throws {
        let time = ManualClock()
        try await with(LogLimits(bytesPerSecond: 1 << 20), clock: time.clock) { files, directory in
            let file = files.file(function: "f", stream: Self.stream(1))
            for number in 0..<10_000 { files.append(Self.line(number), to: file) }
            time.advance(by: .milliseconds(900))
            files.append(Self.line(1, bytes: 20), to: file)
            time.advance(by: .milliseconds(200))
            files.append(Self.line(2, bytes: 20), to: file)
            await files.flush()
            let kept = try LogDirectory.lines(directory.appending("f"))
            let last = kept.suffix(2)
            #expect(last.first?.hasPrefix("LOGS_DROPPED Lines: ") == true)
            #expect(last.first?.contains("To: 2023-07-05T10:20:30.940Z") == true)
            #expect(last.last?.hasPrefix("2 x") == true)
        }
    }

    @Test("what was lost last is told at the end of the stream", arguments: [true, false])
    func end(closed: Bool) async throws {
        try await withScratchDirectory { directory in
            let files = LogFiles(
                directory: directory, limits: LogLimits(bytesPerSecond: 1 << 20), clock: ManualClock().clock,
                logger: Self.logger)
            let file = files.file(function: "f", stream: Self.stream(1))
            for number in 0..<10_000 { files.append(Self.line(number), to: file) }
            if closed { files.close(file) }
            await files.stop()
            let last = try LogDirectory.lines(directory.appending("f")).last
            #expect(last?.hasPrefix("LOGS_DROPPED") == true)
        }
    }

    // MARK: - On disk

    @Test("the oldest files of a function go when it has too many, also of a stream that is being written")
    func sizeOfFunction() async throws {
        try await with(LogLimits(bytesOfFunction: 1 << 20, bytesPerSecond: 16 << 20)) { files, directory in
            let file = files.file(function: "f", stream: Self.stream(1))
            let other = files.file(function: "g", stream: Self.stream(2))
            files.append(Self.line(0), to: other)
            for number in 0..<40_000 {
                files.append(Self.line(number), to: file)
                if number % 500 == 0 { await files.flush() }
            }
            await files.flush()
            let sizes = try Self.sizes(directory.appending("f"))
            #expect(sizes.count > 1)
            // The limit, and what may come before it is looked at again.
            #expect(sizes.reduce(0, +) <= (1 << 20) + (1 << 20) / 8 + 500_000)
            let kept = Set(
                try LogDirectory.lines(directory.appending("f")).compactMap { $0.split(separator: " ").first })
            #expect(kept.contains("39999"))
            #expect(!kept.contains("0"))
            #expect(try LogDirectory.lines(directory.appending("g")).count == 1)
        }
    }

    @Test("the oldest files of all go when there are too many, small ones too")
    func sizeOfAll() async throws {
        let limits = LogLimits(bytesOfFunction: 1 << 20, bytes: 1 << 20)
        try await with(limits) { files, directory in
            for number in 0..<200 {
                let file = files.file(function: "f\(number % 10)", stream: "2026/11/30/[1]\(number)")
                files.append(Self.line(number, bytes: 20), to: file)
                files.close(file)
                if number % 10 == 9 { await files.flush() }
            }
            await files.sweep(keeping: Set((0..<10).map { "f\($0)" }))
            let kept = try LogDirectory.lines(directory).compactMap { Int($0.split(separator: " ")[0]) }
            // Each counts for 16 KiB.
            #expect(kept.count == 64)
            #expect(kept.contains(199) && !kept.contains(0))
        }
    }

    private static let day = Duration.seconds(86_400)

    @Test(
        "old files go, those of deleted functions sooner",
        arguments: [
            (.zero, ["gone", "here"]), (day * 6, ["gone", "here"]), (day * 8, ["here"]), (day * 29, ["here"]),
            (day * 31, []),
        ] as [(Duration, [String])])
    func age(passed: Duration, left: [String]) async throws {
        let later = UInt64(passed.components.seconds) * 1_000_000_000
        let clock = WorkerClock(now: { .zero }, wallClock: { WallClock.now() + later }, sleep: { _ in })
        try await with(LogLimits(), clock: clock) { files, directory in
            for name in ["gone", "here"] {
                files.append(Self.line(0), to: files.file(function: name, stream: Self.stream(1)))
                files.close(files.file(function: name, stream: Self.stream(1)))
            }
            try DurableFile.write([1], to: directory.appending("README"))
            await files.sweep(keeping: ["here"])
            let found = try ["gone", "here"].filter { try !LogDirectory.lines(directory.appending($0)).isEmpty }
            #expect(found == left)
            #expect(FileStatus.exists(directory.appending("README")))
            // Days that are empty go the next time, once nobody can be about to write there.
            await files.sweep(keeping: ["here"])
            #expect(FileStatus.exists(directory.appending("gone")) == (passed < Self.day * 3 || left.contains("gone")))
        }
    }

    @Test("a worker looks at its start and every hour")
    func worker() async throws {
        var worker: Task<Void, any Error>?
        try await withScratchDirectory { directory in
            let fixture = try WorkerFixture.open(directory, FakeEngine())
            try await fixture.create()
            await fixture.settled()
            for started in [true, false] {
                let files = ["f", "deleted"].map { directory.appending("logs").appending($0).appending("[1]0") }
                for file in files {
                    try DurableFile.makeDirectory(file.removingLastComponent())
                    try DurableFile.write(Array("t\tx\n".utf8), to: file)
                    let old = Date(timeIntervalSinceNow: -10 * 86_400)
                    try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: file.string)
                }
                if started {
                    worker = Task { try await fixture.worker.run() }
                } else {
                    fixture.time.advance(by: .seconds(3600))
                }
                await fixture.time.waitForSleeper(of: .seconds(3600))
                #expect(files.map { FileStatus.exists($0) } == [true, false])
            }
            worker?.cancel()
            try await worker?.value
        }
    }

    private static func sizes(_ directory: FilePath) throws -> [Int64] {
        try Directory.entries(directory).flatMap { name -> [Int64] in
            let path = directory.appending(name)
            let status = try FileStatus.of(path)
            return status.kind == .directory ? try sizes(path) : [status.size]
        }
    }
}
