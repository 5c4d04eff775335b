internal import Basics

extension CodeReference {
    /// The digest in lowercase hexadecimal, as files are named by it; nil when `sha256` is not 32 bytes of base64.
    package var hexadecimalDigest: String? {
        // Two spellings of one digest would be two names of one file: bits that stand for nothing are refused.
        guard let bytes = Base64.decode(Array(sha256.utf8)), bytes.count == 32, Base64.text(bytes) == sha256 else {
            return nil
        }
        return Hexadecimal.text(bytes)
    }

    /// - Parameters:
    ///   - digest: the 32 bytes of a SHA-256.
    ///   - size: bytes of what was digested.
    package init(digest: [UInt8], size: Int) {
        self.init(sha256: Base64.text(digest), size: size)
    }
}
