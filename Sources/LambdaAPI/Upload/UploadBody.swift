import Basics
import Glibc

/// Takes the JSON body of an upload apart while it arrives: the zip, decoded from base64, goes where `body` of ``read(_:zip:)``
/// puts it; everything else is ``rest``, JSON with an empty text in the zip's place.
///
/// It knows just enough of JSON to find one text: whether ``rest`` is JSON at all is its decoder's to say.
package struct UploadBody: Sendable {
    package enum Defect: Error, Equatable {
        case notBase64
        /// The zip is there a second time.
        case repeated
        /// What is not the zip is longer than it may be.
        case tooLarge
    }

    /// What the next byte belongs to.
    private enum Place {
        case structure
        /// A text outside of the zip; whether the last byte was an unfinished escape.
        case text(escaped: Bool)
        /// The zip; the bytes of an unfinished escape.
        case zip(escape: [UInt8])
    }

    /// An open list or object.
    private struct Level {
        var isObject: Bool
        /// Whether a text would be a member's name, or its value.
        var expectsName = true
        /// The bytes of the name of the present member.
        var name: [UInt8] = []
    }

    private let path: [[UInt8]]
    private let limit: Int
    private var place = Place.structure
    private var levels: [Level] = []
    private var base64 = Base64Reader()
    private var decoded: [UInt8] = []
    /// Where in the rest the present text began; only names are looked at.
    private var textStart = 0
    package private(set) var hasZip = false
    package private(set) var rest: [UInt8] = []

    /// Of a member's name in the path; nothing as long is looked at.
    private static let longestName = 64
    private static let deepest = 512

    /// - Parameters:
    ///   - path: the members that lead to the zip.
    ///   - limit: bytes of everything else.
    package init(zipAt path: [String], limit: Int) {
        self.path = path.map { Array($0.utf8) }
        self.limit = limit
    }

    /// - Parameter zip: is given the next bytes of the zip.
    package mutating func read<E: Error>(
        _ bytes: UnsafeRawBufferPointer, zip: (UnsafeRawBufferPointer) throws(E) -> Void
    ) throws -> Void {
        var index = 0
        while index < bytes.count {
            switch place {
            case .structure:
                try readStructure(bytes[index])
                index += 1
            case .text(let escaped):
                try readText(bytes[index], escaped: escaped)
                index += 1
            case .zip(let escape) where escape.isEmpty:
                let run = Self.run(in: bytes, from: index)
                try decode(UnsafeRawBufferPointer(rebasing: bytes[index..<run]))
                index = run
                if index < bytes.count {
                    place = bytes[index] == UInt8(ascii: "\"") ? .structure : .zip(escape: [bytes[index]])
                    if case .structure = place { try endZip() }
                    index += 1
                }
            case .zip(let escape):
                try readEscape(escape + [bytes[index]])
                index += 1
            }
        }
        guard !decoded.isEmpty else { return }
        try decoded.withUnsafeBytes(zip)
        decoded.removeAll(keepingCapacity: true)
    }

    // MARK: - Structure

    private mutating func readStructure(_ byte: UInt8) throws(Defect) {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            // Nothing that deep is the zip, and the decoder refuses it.
            if levels.count < Self.deepest { levels.append(Level(isObject: byte == UInt8(ascii: "{"))) }
        case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = levels.popLast()
        case UInt8(ascii: ","):
            if !levels.isEmpty { levels[levels.count - 1].expectsName = true }
        case UInt8(ascii: ":"):
            if !levels.isEmpty { levels[levels.count - 1].expectsName = false }
        case UInt8(ascii: "\""):
            if isAtZip {
                guard !hasZip else { throw .repeated }
                hasZip = true
                place = .zip(escape: [])
                try keep(UInt8(ascii: "\""))
                try keep(UInt8(ascii: "\""))
                return
            }
            place = .text(escaped: false)
            textStart = rest.count + 1
        default: break
        }
        try keep(byte)
    }

    /// Whether the value that begins here is the one that the path leads to.
    private var isAtZip: Bool {
        guard levels.count == path.count else { return false }
        return zip(levels, path).allSatisfy { level, name in
            level.isObject && !level.expectsName && level.name == name
        }
    }

    private mutating func readText(_ byte: UInt8, escaped: Bool) throws(Defect) {
        try keep(byte)
        if escaped {
            place = .text(escaped: false)
        } else if byte == UInt8(ascii: "\\") {
            place = .text(escaped: true)
        } else if byte == UInt8(ascii: "\"") {
            place = .structure
            if let level = levels.last, level.isObject, level.expectsName {
                levels[levels.count - 1].name = Self.name(rest[textStart..<(rest.count - 1)])
            }
        }
    }

    private mutating func keep(_ byte: UInt8) throws(Defect) {
        guard rest.count < limit else { throw .tooLarge }
        rest.append(byte)
    }

    /// A name without its escapes, as `Zip\u0046ile` is one way to write it; nothing where that cannot be one of the path's.
    private static func name(_ text: ArraySlice<UInt8>) -> [UInt8] {
        guard text.count <= 6 * longestName else { return [] }
        var name: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            guard text[index] == UInt8(ascii: "\\") else {
                name.append(text[index])
                index += 1
                continue
            }
            let escape = text[index...].prefix(
                index + 1 < text.endIndex && text[index + 1] == UInt8(ascii: "u") ? 6 : 2)
            guard let byte = character(Array(escape)) else { return [] }
            name.append(byte)
            index += escape.count
        }
        return name
    }

    // MARK: - The zip

    /// To the next byte that is not of the base64 itself.
    private static func run(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
        let quote = rest.position(of: UInt8(ascii: "\"")) ?? rest.count
        let escape = UnsafeRawBufferPointer(rebasing: rest[..<quote]).position(of: UInt8(ascii: "\\"))
        return start + (escape ?? quote)
    }

    /// `\/` is what some clients write for a slash, and any character may come by its number.
    private mutating func readEscape(_ escape: [UInt8]) throws(Defect) {
        let length = escape[1] == UInt8(ascii: "u") ? 6 : 2
        guard escape.count == length else {
            place = .zip(escape: escape)
            return
        }
        guard let byte = Self.character(escape) else { throw .notBase64 }
        try withUnsafeBytes(of: byte) { bytes throws(Defect) in try decode(bytes) }
        place = .zip(escape: [])
    }

    /// The ASCII character that a whole escape stands for; nil for any other.
    private static func character(_ escape: [UInt8]) -> UInt8? {
        guard escape.count >= 2 else { return nil }
        switch escape[1] {
        case UInt8(ascii: "/"), UInt8(ascii: "\""), UInt8(ascii: "\\"): return escape[1]
        case UInt8(ascii: "u"):
            var number = 0
            guard escape.count == 6 else { return nil }
            for digit in escape[2...] {
                guard let value = Hexadecimal.value(of: digit) else { return nil }
                number = number << 4 | Int(value)
            }
            return number < 0x80 ? UInt8(number) : nil
        default: return nil
        }
    }

    private mutating func decode(_ text: UnsafeRawBufferPointer) throws(Defect) {
        do { try base64.read(text, into: &decoded) } catch { throw .notBase64 }
    }

    private mutating func endZip() throws(Defect) {
        do { try base64.finish() } catch { throw .notBase64 }
    }
}

extension UnsafeRawBufferPointer {
    /// memchr(3).
    fileprivate func position(of byte: UInt8) -> Int? {
        guard let start = baseAddress, let found = memchr(start, CInt(byte), count) else { return nil }
        return start.distance(to: UnsafeRawPointer(found))
    }
}
