internal import CLinux
import Glibc

/// What this host's CPUs and kernel are, to tell whether something made elsewhere runs here.
package enum HostSystem {
    /// Everything programs choose their code by and the kernel saves state by, in hex; empty where that is not known.
    package static func processorFeatures() -> String {
        var values = [UInt32](repeating: 0, count: clinux_processor_values)
        let count = clinux_processor_features(&values)
        return values.prefix(count).map { String($0, radix: 16) }.joined(separator: " ")
    }

    /// As uname(1) says with -r.
    package static func kernelRelease() -> String { names().map { text($0.release) } ?? "unknown" }

    /// Release and build, as uname(1) says with -r and -v.
    package static func kernelBuild() -> String { names().map { "\(text($0.release)) \(text($0.version))" } ?? "" }

    private static func names() -> utsname? {
        var names = utsname()
        return uname(&names) == 0 ? names : nil
    }

    private static func text(_ field: some Any) -> String {
        withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
