internal import LinuxKit
package import SystemPackage

/// Code images and scratch disks.
extension ImageStore {
    /// The read-only image of a function's code, made from `zip` unless it is there already.
    ///
    /// - Parameter sha256: of the archive, in hex; names the image.
    package func codeImage(zip: FilePath, sha256: String) async throws(ImageError) -> FilePath {
        let path = try codePath(sha256)
        let existing = { () async throws(ImageError) in FileInfo(path)?.isRegular == true ? path : nil }
        if let path = try await existing() { return path }
        let limits = ZipLimits.lambda
        let size = try await BlockingThread.run { () throws(ImageError) in
            try ZipArchive(path: zip).plan(limits: limits).size
        }
        // The files, the image of them, and a margin for blocks and directories.
        let space = 2 * size + (64 << 20)
        return try await building("code-\(sha256)", needing: space, existing: existing) {
            workspace throws(ImageError) in
            let tree = workspace.appending("tree")
            try Tree.make(tree)
            try await BlockingThread.run { () throws(ImageError) in
                try ZipExtraction.unpack(zip, into: tree, limits: limits)
            }
            let image = workspace.appending("code.erofs")
            try await ReadOnlyImage.make(image, from: tree, log: workspace.appending("log"))
            try await BlockingThread.run { () throws(ImageError) in try publish(image, as: path) }
            return path
        }
    }

    /// Forgets a code image; sandboxes that have it open keep it. Nothing there is no error.
    package func removeCodeImage(sha256: String) throws(ImageError) {
        try Files.remove(try codePath(sha256))
    }

    /// The pristine ext4 for /tmp: sparse, empty, its root for everybody to write in (mode 1777). Never written to:
    /// every sandbox gets a copy-on-write view of it.
    ///
    /// - Parameter megabytes: `EphemeralStorage`, 512 to 10240.
    package func scratchImage(megabytes: Int) async throws(ImageError) -> FilePath {
        guard ScratchImage.megabytes.contains(megabytes) else {
            throw .missing(
                "an empty disk of \(megabytes) MB",
                remedy: "choose \(ScratchImage.megabytes.lowerBound) to \(ScratchImage.megabytes.upperBound)")
        }
        let path = scratch.appending("\(megabytes).ext4")
        let existing = { () async throws(ImageError) in FileInfo(path)?.isRegular == true ? path : nil }
        if let path = try await existing() { return path }
        return try await building("scratch-\(megabytes)", needing: 16 << 20, existing: existing) {
            workspace throws(ImageError) in
            let image = workspace.appending("scratch.ext4")
            try await ScratchImage.make(image, megabytes: megabytes, log: workspace.appending("log"))
            try await BlockingThread.run { () throws(ImageError) in try publish(image, as: path) }
            return path
        }
    }

    /// What can be said of an uploaded archive at once, without unpacking: that it is one, that its names stay inside,
    /// and that it does not declare too much. ``codeImage(zip:sha256:)`` holds the archive to what it declares.
    package static func validate(zip: FilePath) throws(ImageError) {
        _ = try ZipArchive(path: zip).plan(limits: .lambda)
    }

    private func codePath(_ sha256: String) throws(ImageError) -> FilePath {
        guard sha256.utf8.count == 64, sha256.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else {
            throw .invalidZip("'\(sha256)' is no SHA-256 in lower-case hex")
        }
        return code.appending("\(sha256).erofs")
    }
}
