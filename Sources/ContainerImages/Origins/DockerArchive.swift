internal import Foundation
internal import LinuxKit
internal import SystemPackage

/// What `docker save` writes: a tar with manifest.json, one image and its layers, each compressed or not. A tar that has an OCI layout
/// instead is read as that.
///
/// It has no manifest with a digest: the image is known by its configuration's, which `docker images` shows as its id and which names
/// what every layer unpacks to. So layers are unpacked before they are checked, and what was checked is what is used.
struct DockerArchive: ImageSource {
    let file: ArchiveFile

    private struct Entry: Decodable {
        var Config: String
        var Layers: [String]
    }

    private struct Description {
        var layers: [String]
        var document: ConfigurationDocument
        var digest: ImageDigest
    }

    private var layout: LayoutArchive { LayoutArchive(file: file, lacking: "manifest.json and no oci-layout") }

    func image() async throws(ContainerImageError) -> SourceImage {
        let size = try file.size()
        guard let found = try await description() else { return try await layout.image() }
        let configuration = found.document.configuration
        guard configuration.architecture == Platform.architecture else {
            throw .notSupported(
                file.reference, .noMatchingArchitecture, "it is for linux/\(configuration.architecture)")
        }
        if let wanted = file.reference.digest, wanted != found.digest {
            throw .notFound(file.reference, "the archive has \(found.digest)")
        }
        let layers = found.document.layers.map {
            BlobDescriptor(mediaType: "application/vnd.oci.image.layer.v1.tar", digest: $0, size: -1)
        }
        return SourceImage(digest: found.digest, configuration: configuration, layers: layers, size: size)
    }

    func fetch(
        _ drafts: [BlobDraft], of image: SourceImage, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws(ContainerImageError) {
        guard let found = try await description() else {
            return try await layout.fetch(drafts, of: image, progress: progress)
        }
        guard found.digest == image.digest else {
            throw .notFound(file.reference, "the archive has changed: it has \(found.digest)")
        }
        // A layer may be there under several names.
        let names = drafts.map { draft in
            found.document.layers.firstIndex(of: draft.blob.digest).map { found.layers[$0] } ?? ""
        }
        if let missing = try await file.takeOut(names, to: drafts.map(\.file), limit: file.limit) {
            throw lacks(missing)
        }
        var room = Int64(file.limit)
        for (layer, draft) in drafts.enumerated() {
            if Task.isCancelled { throw .cancelled }
            try await unpack(draft, named: names[layer], limit: room)
            guard draft.size <= room else { throw .tooLarge(limit: file.limit) }
            room -= draft.size
            progress(layer, Int(image.size) / max(1, drafts.count))
        }
    }

    /// Checks a layer as it was saved, as far as its name says what it is, and as it was before.
    private func unpack(_ draft: BlobDraft, named name: String, limit: Int64) async throws(ContainerImageError) {
        let isCompressed = try await BlockingThread.run { () throws(ContainerImageError) in
            try draft.readBack()
            if let digest = Self.digest(inName: name) { try draft.check(digest) }
            return try draft.isCompressed()
        }
        if isCompressed {
            let plain = try draft.makeFile()
            try await file.decompress(draft.file, to: plain, limit: Int(limit))
            try await BlockingThread.run { () throws(ContainerImageError) in try draft.replaceFile(with: plain) }
        }
        try draft.check()
    }

    /// `blobs/sha256/DIGEST`, as image-spec's image-layout.md names files.
    private static func digest(inName name: String) -> ImageDigest? {
        let parts = name.split(separator: "/").filter { $0 != "." }
        guard parts.count == 3, parts[0] == "blobs", parts[1] == "sha256" else { return nil }
        return ImageDigest(hexadecimal: parts[2])
    }

    /// Nil for an archive without manifest.json.
    private func description() async throws(ContainerImageError) -> Description? {
        guard let list = try await file.small("manifest.json", limit: ManifestDocument.largest) else { return nil }
        let entries: [Entry]
        do { entries = try JSONDecoder().decode([Entry].self, from: Data(list)) } catch {
            throw .notSupported(file.reference, .unsupported, "manifest.json cannot be read: \(error)")
        }
        guard entries.count == 1, let entry = entries.first else {
            throw .notSupported(
                file.reference, .unsupported, "the archive has \(entries.count) images; save one alone")
        }
        guard let bytes = try await file.small(entry.Config, limit: ConfigurationDocument.largest) else {
            throw lacks(String(entry.Config.prefix(200)))
        }
        let digest = ImageDigest(of: bytes)
        if let named = Self.digest(inName: entry.Config), named != digest {
            throw .damaged(named, "its content is \(digest)")
        }
        let document: ConfigurationDocument
        do throws(ManifestDocument.Unusable) { document = try ConfigurationDocument(bytes) } catch {
            throw .notSupported(file.reference, .unsupported, error.reason)
        }
        guard document.layers.count == entry.Layers.count else {
            throw .notSupported(file.reference, .unsupported, "it does not name the digest of each layer")
        }
        return Description(layers: entry.Layers, document: document, digest: digest)
    }

    private func lacks(_ name: String) -> ContainerImageError {
        .notSupported(file.reference, .unsupported, "the archive has no \(name)")
    }
}
