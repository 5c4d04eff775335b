/// What an extension registers for: `{"events": ["INVOKE"]}`. Other members are skipped. RFC 8259.
struct RegisterBody {
    private static let depth = 32

    private let bytes: [UInt8]
    private var position = 0
    private(set) var events: [String] = []

    /// Nil when that is no JSON object, or its events are no texts.
    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        guard readTop() else { return nil }
    }

    private mutating func readTop() -> Bool {
        guard take("{") else { return false }
        if take("}") { return isAtEnd }
        repeat {
            guard let name = text(), take(":") else { return false }
            if name == "events" {
                guard readEvents() else { return false }
            } else {
                guard skip(Self.depth) else { return false }
            }
        } while take(",")
        return take("}") && isAtEnd
    }

    private mutating func readEvents() -> Bool {
        events = []
        if takeWord("null") { return true }
        guard take("[") else { return false }
        if take("]") { return true }
        repeat {
            guard let event = text() else { return false }
            events.append(event)
        } while take(",")
        return take("]")
    }

    /// Moves past any value.
    private mutating func skip(_ depth: Int) -> Bool {
        guard depth > 0 else { return false }
        if take("{") {
            if take("}") { return true }
            repeat {
                guard text() != nil, take(":"), skip(depth - 1) else { return false }
            } while take(",")
            return take("}")
        }
        if take("[") {
            if take("]") { return true }
            repeat {
                guard skip(depth - 1) else { return false }
            } while take(",")
            return take("]")
        }
        if peek() == UInt8(ascii: "\"") { return text() != nil }
        return takeWord("true") || takeWord("false") || takeWord("null") || takeNumber()
    }

    // MARK: - Tokens

    private mutating func peek() -> UInt8? {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        return position < bytes.count ? bytes[position] : nil
    }

    private var isAtEnd: Bool {
        var copy = self
        return copy.peek() == nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        _ = peek()
        let length = word.utf8CodeUnitCount
        guard bytes.count - position >= length,
            bytes[position..<position + length].elementsEqual(
                UnsafeBufferPointer(start: word.utf8Start, count: length))
        else { return false }
        position += length
        return true
    }

    private mutating func takeNumber() -> Bool {
        _ = peek()
        let start = position
        while position < bytes.count, Array("+-.0123456789Ee".utf8).contains(bytes[position]) { position += 1 }
        return position > start
    }

    /// A JSON string; one with an escape is skipped as another than it is: no event has any.
    private mutating func text() -> String? {
        guard take("\"") else { return nil }
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard position < bytes.count else { return nil }
                text += [byte, bytes[position]]
                position += 1
            case 0..<0x20: return nil
            default: text.append(byte)
            }
        }
        return nil
    }
}
