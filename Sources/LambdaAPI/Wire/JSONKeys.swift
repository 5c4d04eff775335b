import Foundation

/// The names of an object's members in the order in which they stand in a text, which decoders do not tell.
///
/// For texts that a decoder has read: of anything else nothing is found, without harm.
struct JSONKeys {
    private let body: [UInt8]
    private var rest: ArraySlice<UInt8>

    /// - Parameter path: the members that lead to the object.
    static func names(at path: [String], in body: [UInt8]) -> [String]? {
        var keys = JSONKeys(body: body, rest: body[...])
        return keys.names(at: path[...])
    }

    private mutating func names(at path: ArraySlice<String>) -> [String]? {
        guard take("{") else { return nil }
        var names: [String] = []
        while !take("}") {
            guard let name = string(), take(":") else { return nil }
            if path.first == name { return self.names(at: path.dropFirst()) }
            names.append(name)
            guard skipValue() else { return nil }
            _ = take(",")
        }
        return path.isEmpty ? names : nil
    }

    /// Takes a mark, and the white space before it.
    private mutating func take(_ mark: Unicode.Scalar) -> Bool {
        rest = rest.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
        guard rest.first == UInt8(ascii: mark) else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func string() -> String? {
        guard take("\"") else { return nil }
        let begin = rest.startIndex - 1
        guard skipString() else { return nil }
        return try? JSONDecoder().decode(String.self, from: Data(body[begin..<rest.startIndex]))
    }

    /// Ends behind the closing quotation mark.
    private mutating func skipString() -> Bool {
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { return true }
            if byte == UInt8(ascii: "\\") { _ = rest.popFirst() }
        }
        return false
    }

    private mutating func skipValue() -> Bool {
        var depth = 0
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "\""):
                rest.removeFirst()
                guard skipString() else { return false }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return true }
                depth -= 1
            case UInt8(ascii: ","):
                if depth == 0 { return true }
            default: break
            }
            rest.removeFirst()
        }
        return false
    }
}
