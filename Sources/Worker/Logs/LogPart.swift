internal import LinuxKit
internal import SystemPackage
internal import Telemetry

/// One file of a log stream, read line by line. Blocks.
struct LogPart: Sendable {
    /// What is read of a file at once.
    private static let piece = 64 << 10
    /// Clocks of guests lag behind the host's a little, so lines are not quite in the order of their times.
    static let lag: Int64 = 10_000

    let path: FilePath
    /// Of the files of a stream, which one: 0 is the first.
    let number: Int
    let status: FileStatus

    /// A line's place in its stream: the file's number above, the byte below.
    static func position(_ number: Int, _ offset: Int64) -> Int64 { Int64(number) << 40 | offset }

    /// Where in this file a position of its stream is: at its end, or beyond, for one of a later file.
    func offset(of position: Int64) -> Int64 {
        let part = position >> 40
        if part < number { return 0 }
        return part > number ? .max : position & (1 << 40 - 1)
    }

    struct Line {
        let time: Int64
        let offset: Int64
        var text: ArraySlice<UInt8>
        /// Where the next one begins.
        var next: Int64
    }

    /// Gives finished lines from `offset` on, which is the beginning of one, until `body` returns false. A line that begins with a
    /// tab belongs to the one before.
    func lines(from offset: Int64, _ body: (Line) -> Bool) {
        guard offset < status.size, let file = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec) else {
            return
        }
        defer { try? file.close() }
        var rest: [UInt8] = []
        var begin = offset
        var end = offset
        var whole: Line?
        while true {
            let piece = Self.read(file, end)
            if piece.isEmpty {
                if let whole { _ = body(whole) }
                return
            }
            end += Int64(piece.count)
            rest += piece
            var start = rest.startIndex
            while let newline = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                let next = begin + Int64(newline + 1 - start)
                if rest[start] == UInt8(ascii: "\t") {
                    whole?.text += [UInt8(ascii: "\n")] + rest[(start + 1)..<newline]
                    whole?.next = next
                } else {
                    if let line = whole.take(), !body(line) { return }
                    whole = Self.line(rest[start..<newline], at: begin, next: next)
                }
                (start, begin) = (newline + 1, next)
            }
            rest.removeFirst(start)
        }
    }

    /// `TIME<TAB>TEXT`
    private static func line(_ bytes: ArraySlice<UInt8>, at offset: Int64, next: Int64) -> Line? {
        guard bytes.count > Timestamp.iso8601Length, let time = Timestamp.milliseconds(iso8601: bytes.prefix(24)) else {
            return nil
        }
        return Line(time: time, offset: offset, text: bytes.dropFirst(Timestamp.iso8601Length + 1), next: next)
    }

    /// Where a line begins before which all are older than `time`, found without reading them.
    func offset(since time: Int64) -> Int64 {
        let wanted = time - Self.lag
        var (low, high) = (Int64(0), status.size)
        while high - low > Int64(Self.piece) {
            let middle = (low + high) / 2
            guard let line = firstLine(after: middle), line.offset < high else {
                high = middle
                continue
            }
            if line.time < wanted { low = line.offset } else { high = middle }
        }
        return low
    }

    /// The first line that begins after `offset`, which may be within another.
    private func firstLine(after offset: Int64) -> Line? {
        guard let begin = newline(from: offset).map({ $0 + 1 }) else { return nil }
        var found: Line?
        lines(from: begin) { line in
            found = line
            return false
        }
        return found
    }

    private func newline(from offset: Int64) -> Int64? {
        guard let file = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec) else { return nil }
        defer { try? file.close() }
        var at = offset
        while true {
            let piece = Self.read(file, at)
            if piece.isEmpty { return nil }
            if let newline = piece.firstIndex(of: UInt8(ascii: "\n")) { return at + Int64(newline) }
            at += Int64(piece.count)
        }
    }

    /// Empty at the end, and where it cannot be read.
    private static func read(_ file: FileDescriptor, _ offset: Int64) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: piece) { buffer, count in
            count = (try? file.read(fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(buffer))) ?? 0
        }
    }
}

extension Timestamp {
    /// Of `2026-11-23T08:25:23.004Z`; nil for anything else.
    static func milliseconds(iso8601 text: ArraySlice<UInt8>) -> Int64? {
        guard text.count == iso8601Length else { return nil }
        let bytes = Array(text)
        func number(_ range: Range<Int>) -> Int64? {
            bytes[range].reduce(Int64?(0)) { sum, byte in
                guard let sum, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                return sum * 10 + Int64(byte - UInt8(ascii: "0"))
            }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            let millisecond = number(20..<23), (1...12).contains(month)
        else { return nil }
        // Civil date to days: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = (shifted / 400, shifted % 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + millisecond
    }
}
