import Foundation

/// Numbers as people read them.
package enum Format {
    package static func milliseconds(_ value: Double) -> String {
        switch value {
        case 10_000...: String(format: "%.2f s", value / 1000)
        case ..<10: String(format: "%.2f ms", value)
        default: String(format: "%.1f ms", value)
        }
    }

    /// With as many digits as tell something: whole numbers none, small ones up to three.
    package static func number(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return String(format: "%.0f", value) }
        return switch abs(value) {
        case ..<1: String(format: "%.3f", value)
        case ..<10: String(format: "%.2f", value)
        case ..<10_000: String(format: "%.1f", value)
        default: String(format: "%.0f", value)
        }
    }

    package static func mebibytes(_ value: Double) -> String { String(format: "%.1f MiB", value) }
    package static func percent(_ value: Double) -> String { String(format: "%.1f %%", value) }
}
