import Foundation

/// Numbers as people read them.
enum Format {
    static func milliseconds(_ value: Double) -> String {
        value >= 10_000 ? String(format: "%.2f s", value / 1000) : String(format: "%.1f ms", value)
    }
    static func mebibytes(_ value: Double) -> String { String(format: "%.1f MiB", value) }
    static func percent(_ value: Double) -> String { String(format: "%.1f %%", value) }
}
