import Foundation
package import SystemPackage

/// What a file of ours was when it was written.
package struct FileRecord: Codable, Sendable, Equatable {
    package var size: Int
    /// In hex.
    package var sha256: String

    package init(size: Int, sha256: String) {
        self.size = size
        self.sha256 = sha256
    }

    package init(of path: FilePath) throws(ImageError) {
        self.init(size: FileInfo(path)?.size ?? 0, sha256: try Files.digest(of: path))
    }

    /// - Throws: ``ImageError/damaged(_:reason:)`` unless the file at `path` is the same still.
    func verify(_ path: FilePath) throws(ImageError) {
        guard FileInfo(path)?.size == size else { throw .damaged(path, reason: "it should have \(size) bytes") }
        guard try Files.digest(of: path) == sha256 else { throw .damaged(path, reason: "its SHA-256 is not \(sha256)") }
    }
}

/// `image.json` beside a base image's files: written last, so that a directory with it is complete.
struct ImageManifest: Codable, Sendable, Equatable {
    static let currentFormat = 1
    static let name = "image.json"

    var formatVersion = currentFormat
    var runtime: String
    var digest: String
    /// ``ImageInputs/digest`` of what it was made from.
    var inputs: String
    var kernelRelease: String
    var runtimeVersion: String
    /// Of the language; nil in what an older Thaw built.
    var release: String?
    var command: [String]
    var launcher: BaseImage.Launcher?
    var environment: [String: String]
    var seed: BaseImage.Seed?
    var debianPackages: [String]
    var root: FileRecord
    var kernel: FileRecord
    var initramfs: FileRecord

    /// The names of the files, with what they must be.
    var files: [(name: String, file: FileRecord)] {
        [("kernel", kernel), ("initramfs", initramfs), ("root.erofs", root)]
    }

    static func load(from directory: FilePath) throws(ImageError) -> ImageManifest {
        let path = directory.appending(name)
        let bytes = try Files.read(path, limit: 1 << 24)
        let manifest: ImageManifest
        do {
            manifest = try JSONDecoder().decode(ImageManifest.self, from: Data(bytes))
        } catch {
            throw .damaged(path, reason: "\(error)")
        }
        guard manifest.formatVersion == currentFormat else {
            throw .damaged(path, reason: "format \(manifest.formatVersion) instead of \(currentFormat)")
        }
        // Sizes only: reading hundreds of megabytes belongs to ``ImageStore/verify(_:)``.
        for (name, file) in manifest.files where FileInfo(directory.appending(name))?.size != file.size {
            throw .damaged(directory.appending(name), reason: "it should have \(file.size) bytes")
        }
        return manifest
    }

    func write(to directory: FilePath) throws(ImageError) {
        try Files.write(try encodedJSON(self, for: directory), to: directory.appending(ImageManifest.name))
    }

    func image(in directory: FilePath) -> BaseImage {
        BaseImage(
            runtime: runtime, digest: digest, root: directory.appending("root.erofs"),
            kernel: directory.appending("kernel"), initramfs: directory.appending("initramfs"),
            kernelRelease: kernelRelease, command: command, launcher: launcher, environment: environment, seed: seed,
            runtimeVersion: runtimeVersion, release: release ?? "", debianPackages: debianPackages)
    }
}

/// JSON with sorted keys, so that equal values are equal bytes.
package func encodedJSON(_ value: some Encodable, for path: FilePath) throws(ImageError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    do {
        return Array(try encoder.encode(value))
    } catch {
        throw .damaged(path, reason: "\(error)")
    }
}
