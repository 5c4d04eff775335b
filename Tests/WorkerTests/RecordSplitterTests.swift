import Testing
import Worker

@Suite struct RecordSplitterTests {
    private static func frame(_ text: String) -> [UInt8] {
        let length = text.utf8.count
        return [0xA5, 0x5A, 0x00, 0x17, 0, 0, UInt8(length >> 8), UInt8(length & 0xFF)]
            + [UInt8](repeating: 7, count: 8)
            + Array(text.utf8)
    }

    /// What comes out, text that was cut put together again.
    private static func split(_ bytes: [UInt8], every size: Int) -> [RecordSplitter.Piece] {
        var splitter = RecordSplitter()
        var pieces: [RecordSplitter.Piece] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            pieces += splitter.take(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        if let rest = splitter.takeRest() { pieces.append(rest) }
        return pieces.reduce(into: []) { joined, piece in
            if case .text(let more) = piece, case .text(let text)? = joined.last {
                joined[joined.count - 1] = .text(text + more)
            } else {
                joined.append(piece)
            }
        }
    }

    @Test("records and text come out in their order, however their bytes come", arguments: [1, 2, 5, 16, 1000])
    func pieces(size: Int) {
        let bytes =
            Array("a\n".utf8) + Self.frame("one\ntwo") + Self.frame("") + Array("b å".utf8) + Self.frame("three")
        #expect(
            Self.split(bytes, every: size) == [
                .text(Array("a\n".utf8)), .record(Array("one\ntwo".utf8)), .record([]), .text(Array("b å".utf8)),
                .record(Array("three".utf8)),
            ])
    }

    @Test(
        "what only looks like the beginning of a frame is text",
        arguments: [
            [0xA5], [0xA5, 0x5A], [0xA5, 0x5A, 0x01], [0xA5, 0xA5, 0x5A], Array("åZ å".utf8), [0xA5, 0x5A, 0x00],
        ] as [[UInt8]],
        [1, 2, 100])
    func text(bytes: [UInt8], size: Int) {
        #expect(Self.split(bytes, every: size) == [.text(bytes)])
    }

    @Test("a record that never ends takes no more memory than a line, and is not lost")
    func endless() {
        var splitter = RecordSplitter()
        var bytes = Self.frame("")
        bytes.replaceSubrange(4..<8, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(splitter.take(bytes).isEmpty)
        let pieces = splitter.take([UInt8](repeating: 65, count: LineCutter.maximumLine + 5))
        #expect(pieces.count == 1)
        #expect(splitter.takeRest() == .record([UInt8](repeating: 65, count: 5)))
    }
}
