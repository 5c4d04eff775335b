internal import Basics
internal import LinuxKit
package import SystemPackage
internal import Workshop

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
        let size = try await inWorkshop(reading: zip) { workshop, zip throws(WorkshopError) in
            try await workshop.inspect(zip: zip, limits: limits)
        }
        // A margin for what is left of blocks, inodes and names.
        return try await building("code-\(sha256)", needing: size + (64 << 20), existing: existing) {
            workspace throws(ImageError) in
            let image = workspace.appending("code.erofs")
            let file = try attempt("write", image) { () throws(Errno) in
                try Files.create(image, mode: .image).shared()
            }
            try await inWorkshop(reading: zip) { workshop, zip throws(WorkshopError) in
                try await workshop.makeImage(ofZip: zip, limits: limits, in: file)
            }
            try await BlockingThread.run { () throws(ImageError) in try publish(image, as: path) }
            return path
        }
    }

    /// The read-only image of a function's layers, made unless it is there already.
    ///
    /// - Parameters:
    ///   - zips: in the order in which they are laid over each other.
    ///   - sha256: of all of them in that order, in hex; names the image.
    package func layersImage(zips: [FilePath], sha256: String) async throws(ImageError) -> FilePath {
        let path = layers.appending(try imageName(sha256))
        let existing = { () async throws(ImageError) in FileInfo(path)?.isRegular == true ? path : nil }
        if let path = try await existing() { return path }
        let limits = ZipLimits.lambda
        var size = 0
        for zip in zips { size += try await validate(zip: zip) }
        return try await building("layers-\(sha256)", needing: size + (64 << 20), existing: existing) {
            workspace throws(ImageError) in
            let image = workspace.appending("layers.erofs")
            let file = try attempt("write", image) { () throws(Errno) in
                try Files.create(image, mode: .image).shared()
            }
            var archives: [SharedDescriptor] = []
            for zip in zips {
                archives.append(
                    try attempt("read", zip) { () throws(Errno) in try OwnedDescriptor.open(zip, .readOnly).shared() })
            }
            do throws(WorkshopError) {
                try await workshop.makeImage(ofLayers: archives, limits: limits, in: file)
            } catch {
                throw ImageError(error)
            }
            try await BlockingThread.run { () throws(ImageError) in try publish(image, as: path) }
            return path
        }
    }

    /// Forgets an image of layers; sandboxes that have it open keep it. Nothing there is no error.
    package func removeLayersImage(sha256: String) throws(ImageError) {
        try Files.remove(layers.appending(try imageName(sha256)))
    }

    /// - Parameter zip: opened anew for each piece of work, which moves the file's offset.
    @discardableResult
    private func inWorkshop(
        reading zip: FilePath, _ work: (Workshop, SharedDescriptor) async throws(WorkshopError) -> Int
    ) async throws(ImageError) -> Int {
        let file = try attempt("read", zip) { () throws(Errno) in try OwnedDescriptor.open(zip, .readOnly).shared() }
        return try await rethrowing(try await work(workshop, file), as: ImageError.init)
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
    ///
    /// - Returns: the bytes that it declares.
    @discardableResult
    package func validate(zip: FilePath) async throws(ImageError) -> Int {
        try await inWorkshop(reading: zip) { workshop, zip throws(WorkshopError) in
            try await workshop.inspect(zip: zip, limits: .lambda)
        }
    }

    private func codePath(_ sha256: String) throws(ImageError) -> FilePath { code.appending(try imageName(sha256)) }

    private func imageName(_ sha256: String) throws(ImageError) -> String {
        guard sha256.utf8.count == 64, sha256.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else {
            throw .invalidZip("'\(sha256)' is no SHA-256 in lower-case hex")
        }
        return "\(sha256).erofs"
    }
}
