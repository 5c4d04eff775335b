internal import Basics

/// Percent-encoding as signatures need it: everything but letters, digits, `-`, `.`, `_` and `~`, in upper case.
package enum URIText {
    package static func encoded(_ text: some StringProtocol, keepingSlashes: Bool = false) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if isUnreserved(byte) || (keepingSlashes && byte == UInt8(ascii: "/")) {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(upper(byte >> 4))
                bytes.append(upper(byte & 15))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What percent signs stand for; those that stand for nothing stay.
    package static func decoded(_ text: some StringProtocol) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        let given = Array(text.utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(given.count)
        var index = 0
        while index < given.count {
            if given[index] == UInt8(ascii: "%"), index + 2 < given.count,
                let high = Hexadecimal.value(of: given[index + 1]), let low = Hexadecimal.value(of: given[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(given[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The names and values of a query, decoded, in their order.
    package static func items(of query: String) -> [(name: String, value: String)] {
        query.utf8.isEmpty
            ? []
            : query.split(separator: "&").map { item in
                guard let equals = item.firstIndex(of: "=") else { return (decoded(item), "") }
                return (decoded(item[..<equals]), decoded(item[item.index(after: equals)...]))
            }
    }

    /// A path without `.`, `..` and empty segments (RFC 3986, section 5.2.4, and AWS's rule for slashes).
    static func normalized(_ path: String) -> String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/") {
            switch segment {
            case ".": continue
            case "..": _ = segments.popLast()
            default: segments.append(segment)
            }
        }
        guard !segments.isEmpty else { return "/" }
        let isOpen = path.hasSuffix("/") || path.hasSuffix("/.") || path.hasSuffix("/..")
        return "/" + segments.joined(separator: "/") + (isOpen ? "/" : "")
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func upper(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") - 10 + digit
    }
}
