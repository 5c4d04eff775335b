/// What one clone costs the host, in bytes.
package struct MemoryUse: Sendable {
    /// Pages only this sandbox has.
    package var unique: UInt64
    /// Pages it shares with its siblings.
    package var shared: UInt64
    /// Proportional set size.
    package var proportional: UInt64

    package init(unique: UInt64, shared: UInt64, proportional: UInt64) {
        self.unique = unique
        self.shared = shared
        self.proportional = proportional
    }

    /// Reads `/proc/PID/smaps_rollup` of proc(5): `Name:   123 kB` lines.
    package init(smapsRollup text: String) {
        var kilobytes: [Substring: UInt64] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            if words.count == 3, words[2] == "kB", let value = UInt64(words[1]) {
                kilobytes[words[0].dropLast()] = value
            }
        }
        func bytes(_ names: Substring...) -> UInt64 { names.reduce(0) { $0 + (kilobytes[$1] ?? 0) } * 1024 }
        self.init(
            unique: bytes("Private_Clean", "Private_Dirty"), shared: bytes("Shared_Clean", "Shared_Dirty"),
            proportional: bytes("Pss"))
    }
}
