/// An AWS X-Ray trace header: `Root=1-<seconds>-<96 bits>;Parent=<64 bits>;Sampled=0`.
///
/// Functions read it from `_X_AMZN_TRACE_ID` and pass it on. Nothing here is sampled: there is no X-Ray to send to.
enum TraceID {
    /// - Parameter seconds: since 1970.
    static func make(seconds: UInt32, using generator: inout some RandomNumberGenerator) -> String {
        let root = hexadecimal(UInt64(seconds), digits: 8)
        let high = hexadecimal(UInt64(UInt32.random(in: 0...(.max), using: &generator)), digits: 8)
        let low = hexadecimal(UInt64.random(in: 0...(.max), using: &generator), digits: 16)
        let parent = hexadecimal(UInt64.random(in: 0...(.max), using: &generator), digits: 16)
        return "Root=1-\(root)-\(high)\(low);Parent=\(parent);Sampled=0"
    }

    private static func hexadecimal(_ value: UInt64, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }
}
