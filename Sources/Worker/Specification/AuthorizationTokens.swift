internal import Basics
internal import Crypto
internal import LinuxKit
package import SystemPackage

/// The tokens with which a runtime asks for its credentials.
///
/// A snapshot's token is in the memory of every clone, so it is derived from the snapshot's name and a secret of this
/// state directory instead of being stored next to the snapshot.
package struct AuthorizationTokens: Sendable {
    private static let length = 32
    private let secret: SymmetricKey

    /// Reads the secret at `path`, or makes one there (mode 0600).
    package init(secretAt path: FilePath) throws(Errno) {
        if let stored = try? SmallFile.bytes(path), stored.count == Self.length {
            self.init(secret: stored)
            return
        }
        let made = SystemRandom.bytes(Self.length)
        try DurableFile.write(made, to: path, permissions: .ownerReadWrite)
        self.init(secret: made)
    }

    package init(secret: [UInt8]) { self.secret = SymmetricKey(data: secret) }

    /// The token of everything that is initialised under `name`, formatted as a UUID.
    func token(for name: String) -> String {
        var bytes = Array(HMAC<SHA256>.authenticationCode(for: Array(name.utf8), using: secret).prefix(16))
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        let digits = Array(Hexadecimal.text(bytes))
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return groups.map { String(digits[$0]) }.joined(separator: "-")
    }
}
