import TestSupport
import Testing
import Worker

@Suite struct LineCutterTests {
    /// What comes out of pieces, and what is left.
    private static func cut(_ pieces: [[UInt8]]) -> (lines: [[UInt8]], rest: [UInt8]) {
        var cutter = LineCutter()
        let lines = pieces.flatMap { cutter.take($0).map(Array.init) }
        return (lines, cutter.takeRest())
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test(
        "lines are the same however their bytes come",
        arguments: ["", "a", "\n", "a\nb", "a\n\nb\n", "\n\na", "ab\ncd\nef"],
        [1, 2, 3, 100])
    func pieces(text: String, size: Int) {
        let bytes = Array(text.utf8)
        let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
        let cut = Self.cut(pieces)
        let expected = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(cut.lines.map(Self.text) == Array(expected.dropLast()))
        #expect(Self.text(cut.rest) == expected.last)
    }

    static let limit = LineCutter.maximumLine

    @Test(
        "a line is cut at its longest, and none is written twice or empty",
        arguments: [
            (limit - 1, [limit - 1]), (limit, [limit]), (limit + 1, [limit, 1]),
            (3 * limit + 5, [limit, limit, limit, 5]),
        ], [7001, 65_536, Int.max])
    func long(line: (length: Int, pieces: [Int]), size: Int) {
        let bytes = [UInt8](repeating: 65, count: line.length) + Array("\nnext\n".utf8)
        let step = min(size, bytes.count)
        let pieces = stride(from: 0, to: bytes.count, by: step).map { Array(bytes[$0..<min($0 + step, bytes.count)]) }
        let cut = Self.cut(pieces)
        #expect(cut.lines.map(\.count) == line.pieces + [4])
        #expect(cut.rest.isEmpty)
    }

    @Test("single bytes after a long beginning cost what they are", .requiresSpeed)
    func singleBytes() {
        var cutter = LineCutter()
        _ = cutter.take([UInt8](repeating: 65, count: 200_000))
        var lines = 0
        let time = ContinuousClock().measure {
            for _ in 0..<1_000_000 { lines += cutter.take([66]).count }
        }
        #expect(lines == 4)
        #expect(time < .seconds(10))
    }
}
