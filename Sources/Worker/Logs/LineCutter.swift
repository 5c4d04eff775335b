/// Cuts what a runtime writes into lines, however it comes: each byte is looked at once.
package struct LineCutter {
    /// A line longer than this is cut into several, as CloudWatch does.
    package static let maximumLine = 256 << 10

    /// The line that has begun; shorter than ``maximumLine``.
    private(set) var unfinished: [UInt8] = []

    /// The line that has begun was cut, and nothing has come of it since: if it ends now, it has been written whole.
    private var wasCut = false

    package init() {}

    var isEmpty: Bool { unfinished.isEmpty }

    /// The lines that `bytes` finish, newline not included.
    package mutating func take(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            if unfinished.isEmpty, !wasCut, line.count < Self.maximumLine {
                lines.append(line)
            } else {
                add(line, cutting: &lines)
                if !wasCut { lines.append(takeRest()[...]) }
                wasCut = false
            }
        }
        add(rest, cutting: &lines)
        return lines
    }

    /// What has begun, for somebody who writes a line of another's next.
    package mutating func takeRest() -> [UInt8] {
        defer { unfinished = [] }
        return unfinished
    }

    /// Makes the line that has begun longer.
    private mutating func add(_ bytes: ArraySlice<UInt8>, cutting lines: inout [ArraySlice<UInt8>]) {
        var rest = bytes
        while unfinished.count + rest.count >= Self.maximumLine {
            let room = Self.maximumLine - unfinished.count
            unfinished.append(contentsOf: rest.prefix(room))
            lines.append(takeRest()[...])
            rest = rest.dropFirst(room)
            wasCut = true
        }
        guard !rest.isEmpty else { return }
        unfinished.append(contentsOf: rest)
        wasCut = false
    }
}
