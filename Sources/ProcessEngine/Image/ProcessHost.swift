internal import Crypto
import Glibc
internal import LinuxKit
import CProcessImage

/// What of this host the images made on it depend on.
package enum ProcessHost {
    /// For `EngineManifest.requirements`: a thawing host must have every one of them exactly so.
    ///
    /// The kernel's build, because the vdso's code is in none of the images and its addresses are in all; the processor's
    /// features, because compiled code and the saved registers were made for them; the restorer, because it reads the image.
    package static func requirements(restorerDigest: String) -> [String: String] {
        [
            "architecture": "x86_64",
            "imageFormat": "\(THAW_IMAGE_VERSION)",
            "kernel": kernelBuild(),
            "processor": processorDigest(),
            "restorer": restorerDigest,
        ]
    }

    /// `uname -r -v`.
    static func kernelBuild() -> String {
        var name = utsname()
        uname(&name)
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(text(name.release)) \(text(name.version))"
    }

    /// Of the CPU's features, what the kernel lets programs use of them, and the size of a signal frame.
    static func processorDigest() -> String {
        var words = Processor.featureWords()
        let features = Processor.enabledFeatures()
        words += [
            UInt32(truncatingIfNeeded: features), UInt32(truncatingIfNeeded: features >> 32),
            UInt32(ExtendedStateLayout.host.size),
        ]
        let bytes = words.flatMap { word in withUnsafeBytes(of: word.littleEndian, Array.init) }
        return SHA256.hash(data: bytes).prefix(16).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
