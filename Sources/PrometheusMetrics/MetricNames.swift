/// Makes what swift-metrics takes for a name into one that Prometheus takes.
enum MetricNames {
    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
    static func metric(_ name: String) -> String { cleaned(name, colons: true) }

    /// By name, each name once; the last value counts. Names are `[a-zA-Z_][a-zA-Z0-9_]*`, of which those that begin with two
    /// underscores are Prometheus's own, and `le` is a bucket's end.
    static func labels(_ dimensions: [(String, String)]) -> [MetricLabel] {
        guard !dimensions.isEmpty else { return [] }
        return Dictionary(dimensions.map { (label($0.0), $0.1) }) { $1 }.map { MetricLabel($0.key, $0.value) }.sorted()
    }

    private static func label(_ name: String) -> String {
        let cleaned = cleaned(name, colons: false)
        if cleaned == "le" { return "le_" }
        return cleaned.hasPrefix("__") ? "_" + cleaned.drop { $0 == "_" } : cleaned
    }

    private static func cleaned(_ name: String, colons: Bool) -> String {
        let bytes = name.unicodeScalars.map { scalar -> UInt8 in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_": UInt8(ascii: scalar)
            case ":" where colons: UInt8(ascii: scalar)
            default: UInt8(ascii: "_")
            }
        }
        let isSound = bytes.first.map { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
        return (isSound ? "" : "_") + String(decoding: bytes, as: UTF8.self)
    }
}
