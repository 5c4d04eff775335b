internal import Basics
internal import LinuxKit

/// AWS X-Ray's trace header: `Root=1-<seconds>-<96 bits>;Parent=<64 bits>;Sampled=0`, hexadecimal, in any order and with whatever
/// else a sender adds.
package struct TraceHeader: Sendable, Equatable, CustomStringConvertible {
    package static let name = "X-Amzn-Trace-Id"

    /// `1-5759e988-bd862e3fe1be46a994272793`
    package var root: String
    /// The span within which the header was made.
    package var parent: String?
    /// Whether spans are kept; nil: whoever gets the header decides.
    package var isSampled: Bool?

    package init(root: String, parent: String?, isSampled: Bool?) {
        self.root = root
        self.parent = parent
        self.isSampled = isSampled
    }

    /// Nil when it names no trace, or not in X-Ray's form.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.lengthLimit else { return nil }
        var fields: [Substring: Substring] = [:]
        for field in text.split(separator: ";") {
            let pair = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { fields[Self.trimmed(pair[0])] = Self.trimmed(pair[1]) }
        }
        guard let root = fields["Root"], Self.isRoot(root) else { return nil }
        self.root = String(root)
        parent = fields["Parent"].flatMap { Self.isHexadecimal($0, 16) ? String($0) : nil }
        isSampled =
            switch fields["Sampled"] {
            case "1": true
            case "0": false
            default: nil
            }
    }

    /// A new trace.
    package static func random(nanoseconds: UInt64) -> TraceHeader {
        let time = Hexadecimal.text(of: UInt32(truncatingIfNeeded: nanoseconds / 1_000_000_000))
        let random =
            Hexadecimal.text(of: UInt32.random(in: 0...(.max))) + Hexadecimal.text(of: UInt64.random(in: 0...(.max)))
        return TraceHeader(root: "1-\(time)-\(random)", parent: nil, isSampled: nil)
    }

    /// A new span's name.
    package static func randomSpan() -> String { Hexadecimal.text(of: UInt64.random(in: 0...(.max))) }

    package var description: String {
        var text = "Root=\(root)"
        if let parent { text += ";Parent=\(parent)" }
        if let isSampled { text += ";Sampled=\(isSampled ? 1 : 0)" }
        return text
    }

    /// What X-Ray takes at most.
    private static let lengthLimit = 256

    private static func isRoot(_ text: Substring) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0] == "1" && isHexadecimal(parts[1], 8) && isHexadecimal(parts[2], 24)
    }

    private static func isHexadecimal(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count && text.utf8.allSatisfy { Hexadecimal.value(of: $0) != nil }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }
}
