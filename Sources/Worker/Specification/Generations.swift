internal import LinuxKit
package import Logging
import Synchronization
package import SystemPackage

/// Numbers that grow with every sandbox of a state directory, whatever the clock does: one more than the last. As a JavaScript
/// number, too, each is exact.
///
/// A file holds a number that none of those given out reaches. It is moved on in large steps, beside the calls that take numbers, so
/// that none of them waits for a disk.
package final class Generations: Sendable {
    /// How far the file is ahead at a start.
    package static let step: UInt64 = 1 << 20

    /// Where JavaScript's exact numbers end.
    private static let end: UInt64 = 1 << 53

    private let upcoming: Atomic<UInt64>
    /// What the file says.
    private let reserved: Atomic<UInt64>
    private let isReserving = Atomic(false)
    private let file: FilePath
    private let logger: Logger

    /// Blocks.
    ///
    /// - Parameter wallClock: nanoseconds since 1970. A file that is not there, or from a backup, is behind a server that has been
    ///   here since; the clock, at a million numbers a second, is not.
    package init(at file: FilePath, wallClock: UInt64, logger: Logger) throws(Errno) {
        self.file = file
        self.logger = logger
        let text: String?
        do { text = try SmallFile.text(file) } catch .noSuchFileOrDirectory { text = nil }
        let known = text.flatMap { UInt64($0.prefix { $0 != "\n" }) }.flatMap { $0 < Self.end ? $0 : nil }
        if text != nil, known == nil {
            logger.warning("generations go by the clock: this file holds no number", metadata: ["path": "\(file)"])
        }
        let first = max(known ?? 0, wallClock / 1000) + 1
        upcoming = Atomic(first)
        reserved = Atomic(first + Self.step)
        try Self.write(first + Self.step, to: file)
    }

    package func next() -> UInt64 {
        let number = upcoming.add(1, ordering: .relaxed).oldValue
        if number + Self.step / 2 >= reserved.load(ordering: .relaxed) { reserveMore() }
        return number
    }

    /// One at a time, on a thread of its own: half a step is left until the numbers would be used up.
    private func reserveMore() {
        guard !isReserving.exchange(true, ordering: .acquiring) else { return }
        let outcome = Result { () throws(Errno) in
            try PosixThread.start { [self] in
                let next = upcoming.load(ordering: .relaxed) + Self.step
                do {
                    try Self.write(next, to: file)
                    reserved.store(next, ordering: .relaxed)
                } catch {
                    logger.error(
                        "cannot reserve generations: free some space in the state directory",
                        metadata: ["path": "\(file)", "error": "\(error)"])
                    // Tried again after the next half step, with the clock as the only guard meanwhile.
                    reserved.add(Self.step / 2, ordering: .relaxed)
                }
                isReserving.store(false, ordering: .releasing)
            }
        }
        if case .failure = outcome { isReserving.store(false, ordering: .releasing) }
    }

    private static func write(_ number: UInt64, to file: FilePath) throws(Errno) {
        try DurableFile.write("\(number)\n".utf8, to: file, permissions: .ownerReadWrite)
    }
}
