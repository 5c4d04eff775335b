internal import CLinux
import Glibc
package import SystemPackage

/// Numbers that one process of the host has and no other: for as long as this lives. The kernel gives them back when the process dies.
///
/// A number is a place in a file that stays empty, locked there (fcntl(2), open file description locks).
package final class NumberLock: Sendable {
    package let numbers: Range<Int>
    private let file: OwnedDescriptor

    private init(_ numbers: Range<Int>, _ file: consuming OwnedDescriptor) {
        self.numbers = numbers
        self.file = file
    }

    /// The first `count` numbers of `range` in a row that nobody has; nil when there are not as many.
    /// - Parameter path: of the file; made if missing.
    package static func take(_ count: Int, of range: Range<Int>, at path: FilePath) throws(Errno) -> NumberLock? {
        let file = try OwnedDescriptor.open(path, .readWrite, options: [.create, .noFollow])
        var start = range.lowerBound
        while count <= range.upperBound - start {
            var past: off_t = 0
            do {
                try file.withRaw { raw throws(Errno) in
                    _ = try shim { clinux_lock_range(raw, off_t(start), off_t(count), &past) }
                }
                return NumberLock(start..<start + count, file)
            } catch .resourceTemporarilyUnavailable {
                start = max(start, min(Int(past), range.upperBound))
            }
        }
        return nil
    }
}
