/// Tells the records of a runtime's logger from what else comes on its standard output.
///
/// AWS's runtimes write each record in one frame to the descriptor that `_LAMBDA_TELEMETRY_LOG_FD` names, which here is one more of
/// standard output, so that records and prints keep their order: A5 5A 00, a byte that tells level and format, the length and the
/// time in microseconds, both big-endian, in 4 and 8 bytes. No text has these three bytes: the first begins no character, the third
/// is a zero.
package struct RecordSplitter {
    package enum Piece: Equatable {
        case text([UInt8])
        case record([UInt8])
    }

    private static let mark: [UInt8] = [0xA5, 0x5A, 0x00]
    private static let headLength = 16

    /// What may become the head of a frame.
    private var head: [UInt8] = []
    private var body: [UInt8] = []
    /// Of the record that has begun.
    private var missing = 0

    package init() {}

    /// Whether these bytes are text, nothing of a record among them or before them: what nearly all are.
    package func isText(_ bytes: [UInt8]) -> Bool {
        head.isEmpty && missing == 0 && !bytes.contains(Self.mark[0])
    }

    package mutating func take(_ bytes: [UInt8]) -> [Piece] {
        var pieces: [Piece] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            if missing > 0 {
                takeBody(&rest, into: &pieces)
            } else if !head.isEmpty || rest.first == Self.mark[0] {
                takeHead(&rest, into: &pieces)
            } else {
                let end = rest.firstIndex(of: Self.mark[0]) ?? rest.endIndex
                pieces.append(.text(Array(rest[..<end])))
                rest = rest[end...]
            }
        }
        return pieces
    }

    /// What has begun, for somebody who writes a line of another's next.
    package mutating func takeRest() -> Piece? {
        defer { (head, body, missing) = ([], [], 0) }
        if missing > 0 { return .record(body) }
        return head.isEmpty ? nil : .text(head)
    }

    private mutating func takeHead(_ rest: inout ArraySlice<UInt8>, into pieces: inout [Piece]) {
        while head.count < Self.headLength, let next = rest.first {
            if head.count < Self.mark.count, next != Self.mark[head.count] {
                pieces.append(.text(head))
                head = []
                return
            }
            head.append(next)
            rest = rest.dropFirst()
        }
        guard head.count == Self.headLength else { return }
        missing = head[4..<8].reduce(0) { $0 << 8 | Int($1) }
        head = []
        if missing == 0 { pieces.append(.record([])) }
    }

    /// A record that is longer than a line may be becomes several.
    private mutating func takeBody(_ rest: inout ArraySlice<UInt8>, into pieces: inout [Piece]) {
        let piece = rest.prefix(min(missing, LineCutter.maximumLine - body.count))
        body += piece
        missing -= piece.count
        rest = rest.dropFirst(piece.count)
        guard missing == 0 || body.count == LineCutter.maximumLine else { return }
        pieces.append(.record(body))
        body = []
    }
}
