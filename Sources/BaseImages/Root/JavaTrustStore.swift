import Crypto
import Foundation

/// Writes certificates as the Java key store that the JDK reads by default (type JKS, version 2).
///
/// Debian makes this file with a Java program when the package is configured; nothing is run here, and that program
/// puts the time of day into every entry. The format: sun.security.provider.JavaKeyStore.
package enum JavaTrustStore {
    /// What the JDK's own store has. It protects nothing: the content is public.
    static let password = "changeit"

    /// - Parameter certificates: DER, each with a name of its own, in lower case.
    package static func encode(_ certificates: [(name: String, der: [UInt8])]) -> [UInt8] {
        var store: [UInt8] = []
        store.append(bigEndian: UInt32(0xfeed_feed))
        store.append(bigEndian: UInt32(2))
        store.append(bigEndian: UInt32(certificates.count))
        for (name, der) in certificates {
            store.append(bigEndian: UInt32(2))  // a trusted certificate
            store.append(javaUTF: name)
            store.append(bigEndian: UInt64(ImageTime.seconds) * 1000)
            store.append(javaUTF: "X.509")
            store.append(bigEndian: UInt32(der.count))
            store += der
        }
        var hash = Insecure.SHA1()
        var key: [UInt8] = []
        for unit in password.utf16 { key.append(bigEndian: unit) }
        hash.update(data: key)
        hash.update(data: Array("Mighty Aphrodite".utf8))
        hash.update(data: store)
        return store + Array(hash.finalize())
    }

    /// `name` as Java finds it again: it looks aliases up in lower case, in other scripts by rules of its own.
    package static func alias(_ name: String) -> String {
        let plain = name.lowercased().unicodeScalars.map { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                ? Character(scalar) : "_"
        }
        return String(plain)
    }

    /// The certificates in a PEM text, in order.
    package static func certificates(inPEM text: String) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var lines: [Substring]?
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("-----BEGIN CERTIFICATE-----") {
                lines = []
            } else if line.hasPrefix("-----END CERTIFICATE-----") {
                if let der = lines.flatMap({ Data(base64Encoded: $0.joined()) }) { found.append(Array(der)) }
                lines = nil
            } else {
                lines?.append(line)
            }
        }
        return found
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// DataOutput.writeUTF: a 16-bit length and the text, for names that are ASCII.
    fileprivate mutating func append(javaUTF text: String) {
        append(bigEndian: UInt16(text.utf8.count))
        append(contentsOf: text.utf8)
    }
}
