/// Prometheus's text exposition format, version 0.0.4.
///
/// A family is one group of lines: `# HELP`, `# TYPE`, then its samples. A backslash, a line feed and, in label values, a quote
/// are escaped; every line ends with a line feed.
package enum Exposition {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package static func text(of families: [MetricFamily]) -> String {
        var text = ""
        for family in families { append(family, to: &text) }
        return text
    }

    private static func append(_ family: MetricFamily, to text: inout String) {
        let (name, kind) = (family.description.name, family.description.kind)
        if !family.description.help.isEmpty {
            text += "# HELP \(name) "
            append(escaping: family.description.help, quotes: false, to: &text)
            text += "\n"
        }
        text += "# TYPE \(name) \(kind.rawValue)\n"
        for sample in family.samples {
            switch sample.value {
            case .number(let value): line(name, sample.labels, value, to: &text)
            case .histogram(let value): append(value, name, sample.labels, to: &text)
            }
        }
    }

    /// Buckets are cumulative, and the last one is the count: a scrape in the midst of an observation shows none that is more
    /// than the next.
    private static func append(
        _ histogram: HistogramValue, _ name: String, _ labels: [MetricLabel], to text: inout String
    ) {
        var total: UInt64 = 0
        for (bound, count) in zip(histogram.bounds + [.infinity], histogram.counts) {
            total &+= count
            line("\(name)_bucket", labels + [MetricLabel("le", number(bound))], Double(total), to: &text)
        }
        line("\(name)_sum", labels, histogram.sum, to: &text)
        line("\(name)_count", labels, Double(total), to: &text)
    }

    private static func line(_ name: String, _ labels: [MetricLabel], _ value: Double, to text: inout String) {
        text += name
        for (index, label) in labels.enumerated() {
            text += index == 0 ? "{" : ","
            text += "\(label.name)=\""
            append(escaping: label.value, quotes: true, to: &text)
            text += "\""
        }
        text += labels.isEmpty ? " " : "} "
        text += number(value)
        text += "\n"
    }

    private static func append(escaping value: String, quotes: Bool, to text: inout String) {
        // By scalars: a carriage return and a line feed are one character.
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\"" where quotes: text += "\\\""
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// As Go's `ParseFloat` reads it.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // Those that a double holds exactly.
        if value.magnitude < 0x1p53, let integer = Int64(exactly: value) { return "\(integer)" }
        return "\(value)"
    }
}
