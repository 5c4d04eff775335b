import Basics
import Glibc

/// An AWS X-Ray trace header: `Root=1-<seconds>-<96 bits>;Parent=<64 bits>;Sampled=0`.
///
/// Functions read it from `_X_AMZN_TRACE_ID` and pass it on. Nothing here is sampled: there is no X-Ray to send to.
enum TraceID {
    /// - Parameter seconds: since 1970.
    static func make(seconds: UInt32, using generator: inout some RandomNumberGenerator) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(74)
        text.append(contentsOf: "Root=1-".utf8)
        append(UInt64(seconds), digits: 8, to: &text)
        text.append(UInt8(ascii: "-"))
        append(UInt64(UInt32.random(in: 0...(.max), using: &generator)), digits: 8, to: &text)
        append(UInt64.random(in: 0...(.max), using: &generator), digits: 16, to: &text)
        text.append(contentsOf: ";Parent=".utf8)
        append(UInt64.random(in: 0...(.max), using: &generator), digits: 16, to: &text)
        text.append(contentsOf: ";Sampled=0".utf8)
        return String(decoding: text, as: UTF8.self)
    }

    static func new() -> String {
        var generator = SystemRandomNumberGenerator()
        return make(seconds: UInt32(clamping: time(nil)), using: &generator)
    }

    private static func append(_ value: UInt64, digits count: Int, to text: inout [UInt8]) {
        for place in (0..<count).reversed() {
            text.append(Hexadecimal.digit(UInt8(truncatingIfNeeded: value >> UInt64(4 * place))))
        }
    }
}
