import Basics
import Testing

@Suite struct Base64ReaderTests {
    private func decode(_ text: [UInt8], in pieces: Int) -> [UInt8]? {
        var reader = Base64Reader()
        var bytes: [UInt8] = []
        do {
            for start in stride(from: 0, to: text.count, by: pieces) {
                try text[start..<min(start + pieces, text.count)].withUnsafeBytes {
                    piece -> Result<Void, Base64Reader.Defect> in
                    Result { () throws(Base64Reader.Defect) in try reader.read(piece, into: &bytes) }
                }.get()
            }
            try reader.finish()
        } catch { return nil }
        return bytes
    }

    @Test("whatever was encoded comes back, however it is cut", arguments: [0, 1, 2, 3, 4, 5, 31, 32, 1000])
    func roundTrip(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ 7) }
        for pieces in [1, 2, 3, 4, 5, 7, 64, 4096] {
            #expect(decode(Array(Base64.text(bytes).utf8), in: pieces) == bytes)
        }
    }

    @Test(
        "what the one that decodes at once refuses is refused, and nothing else",
        arguments: [
            "", "QQ==", "QUI=", "QUJD", "QQ=", "QQ", "Q", "Q===", "====", "=QUJ", "QQ==QUJD", "QUJDQQ==", "Q=Q=",
            "QU=D", "QUJ-",
            "QUJ_", "QUJD\n", " QUJD", "QUJDé", "QUI=QUI=", "QUI==", "QUJD====", "QUJDQ\u{0}==", "////", "++++",
        ])
    func refusals(text: String) {
        let expected = Base64.decode(Array(text.utf8))
        for pieces in [1, 3, 4, 5, 64] { #expect(decode(Array(text.utf8), in: pieces) == expected) }
    }
}
