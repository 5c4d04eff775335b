import Crypto
import Foundation

/// What a file of `thaw image export` holds: base images, as the parts that they are put together from.
///
/// ```
/// 16 bytes   "thaw images 1\n", then zeros
///  8 bytes   length of what follows, little-endian
///            this structure as JSON
/// 32 bytes   SHA-256 of the JSON
///            the contents of all files, part by part in the order of ``parts``, in a part by the bytes of their names
/// ```
///
/// Nothing stands between contents and nothing behind the last. Plain framing on purpose: no compression that could blow up,
/// and no names but those that ``problem`` expects, so that nothing in the file can lead anywhere.
package struct ImageArchive: Codable, Sendable, Equatable {
    package struct Image: Codable, Sendable, Equatable {
        package var runtime: String
        /// Names of ``Part``s.
        package var root: String
        package var kernel: String
        /// Digest of the packages that were added to the root; nil where none were.
        package var packages: String?
    }

    package struct Part: Codable, Sendable, Equatable {
        /// As ``ImageInputs/rootPart`` or ``ImageInputs/kernelPart``: what it was made from.
        package var name: String
        package var content: ImageStore.PartManifest
    }

    package static let magic = Array("thaw images 1\n\0\0".utf8)
    static let currentFormat = 1

    package var formatVersion = currentFormat
    package var images: [Image]
    package var parts: [Part]

    var contentBytes: Int { parts.reduce(0) { $0 + $1.bytes } }
}

extension ImageArchive.Part {
    /// In the order of their contents.
    var files: [(name: String, record: FileRecord)] {
        content.files.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value) }
    }

    var bytes: Int { content.files.values.reduce(0) { $0 + $1.size } }
}

// MARK: - Bytes

extension ImageArchive {
    /// A header has some kilobytes; one beyond this is not ours.
    static let maximumHeaderLength = 4 << 20
    package static let prefixLength = magic.count + 8
    package static let digestLength = 32

    /// Everything before the contents.
    package func encodedHeader() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = Array(try encoder.encode(self))
        let length = (0..<8).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) }
        return ImageArchive.magic + length + json + Array(SHA256.hash(data: json))
    }

    package struct Invalid: Error, Equatable { var reason: String }

    /// The length of the JSON after the first ``prefixLength`` bytes.
    package static func headerLength(_ prefix: [UInt8]) throws(Invalid) -> Int {
        guard prefix.starts(with: magic) else { throw Invalid(reason: "it is no file of `thaw image export`") }
        let length = prefix.dropFirst(magic.count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard 1...UInt64(maximumHeaderLength) ~= length else {
            throw Invalid(reason: "its list of contents would have \(length) bytes")
        }
        return Int(length)
    }

    /// - Parameter digest: as the file has it.
    init(header json: [UInt8], digest: [UInt8]) throws(Invalid) {
        guard Array(SHA256.hash(data: json)) == digest else { throw Invalid(reason: "its list of contents is damaged") }
        struct Version: Decodable { var formatVersion: Int }
        let decoder = JSONDecoder()
        do {
            // The version alone first: another one may have other members.
            let version = try decoder.decode(Version.self, from: Data(json)).formatVersion
            guard version == ImageArchive.currentFormat else {
                throw Invalid(reason: "it has format \(version), this is for format \(ImageArchive.currentFormat)")
            }
            self = try decoder.decode(ImageArchive.self, from: Data(json))
        } catch let error as Invalid {
            throw error
        } catch {
            throw Invalid(reason: "its list of contents cannot be read: \(error)")
        }
        if let problem { throw Invalid(reason: problem) }
    }
}

// MARK: - What a header may say

extension ImageArchive {
    private static let maximumParts = 128

    /// Why this cannot be the header of an archive of ours; nil when it can.
    var problem: String? {
        guard 1...ImageArchive.maximumParts ~= images.count, 1...ImageArchive.maximumParts ~= parts.count else {
            return "it lists \(images.count) images and \(parts.count) parts"
        }
        guard Set(images.map(\.runtime)).count == images.count else { return "it lists a runtime twice" }
        guard Set(parts.map(\.name)).count == parts.count else { return "it lists a part twice" }
        for image in images {
            guard image.runtime.isShortWord(besides: ".-") else { return "it lists a runtime with an impossible name" }
            guard image.root.hasPrefix("root-"), image.kernel.hasPrefix("kernel-") else {
                return "\(image.runtime) is put together from the wrong parts"
            }
            guard image.packages?.isDigest != false else { return "\(image.runtime) has packages without a digest" }
        }
        let used = Set(images.flatMap { [$0.root, $0.kernel] })
        guard used == Set(parts.map(\.name)) else { return "its parts are not those of its images" }
        return parts.lazy.compactMap(\.problem).first
    }
}

extension ImageArchive.Part {
    private static let maximumModules = 256
    private static let maximumPackages = 10_000
    private static let maximumFileBytes = 16 << 30

    fileprivate var problem: String? {
        let kind = name.prefix { $0 != "-" }
        guard name.dropFirst(kind.count + 1).isDigest else { return "it lists a part with an impossible name" }
        guard content.modules.count <= Self.maximumModules, content.debianPackages.count <= Self.maximumPackages else {
            return "\(name) has too many modules or packages"
        }
        guard content.modules.allSatisfy({ $0.isShortWord(besides: "_") }) else {
            return "\(name) has a module with an impossible name"
        }
        guard content.debianPackages.allSatisfy({ $0.isShortWord(besides: "_+-.:~") }) else {
            return "\(name) has a package with an impossible name"
        }
        switch kind {
        case "root":
            guard content.modules.isEmpty, content.kernelRelease.isEmpty else { return "\(name) has modules" }
        case "kernel":
            guard content.kernelRelease.isShortWord(besides: "_+-.~") else {
                return "\(name) has an impossible release"
            }
        default: return "it lists a part that is neither root nor kernel"
        }
        guard Set(content.files.keys) == expectedFiles, expectedFiles.count == content.modules.count + 1 else {
            return "\(name) has other files than such a part has"
        }
        for (file, record) in content.files {
            guard 1...Self.maximumFileBytes ~= record.size else { return "\(name) gives \(file) \(record.size) bytes" }
            guard record.sha256.isDigest else { return "\(name) gives \(file) a digest that is none" }
        }
        return nil
    }

    private var expectedFiles: Set<String> {
        let modules = content.modules.map { ImageStore.PartManifest.module($0) }
        return Set(modules + [name.hasPrefix("root-") ? ImageStore.PartManifest.root : ImageStore.PartManifest.kernel])
    }
}

extension StringProtocol {
    /// SHA-256 in lower-case hex.
    var isDigest: Bool {
        utf8.count == 64 && utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    /// 1 to 128 ASCII letters, digits and `extra`, beginning with a letter or digit.
    fileprivate func isShortWord(besides extra: String) -> Bool {
        guard 1...128 ~= utf8.count, let first, first.isASCII, first.isLetter || first.isNumber else { return false }
        return allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || extra.contains($0)) }
    }
}
