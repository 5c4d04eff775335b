internal import Foundation
internal import LinuxKit
internal import SystemPackage
internal import Workshop

/// What `docker save` writes: a tar with manifest.json, one image and its layers, compressed or not. It is read in a jail.
///
/// It has no manifest with a digest: the image is known by its configuration's, which `docker images` shows as its id and which names
/// every layer.
struct DockerArchive: ImageSource {
    let reference: ImageReference
    let path: FilePath
    let limit: Int
    let workshop: Workshop

    private struct Entry: Decodable {
        var Config: String
        var Layers: [String]
    }

    func image() async throws(ContainerImageError) -> SourceImage {
        let (_, document, digest) = try await description()
        guard document.configuration.architecture == Platform.architecture else {
            throw .notSupported(
                reference, .noMatchingArchitecture, "it is for linux/\(document.configuration.architecture)")
        }
        if let wanted = reference.digest, wanted != digest {
            throw .notFound(reference, "the archive has \(digest)")
        }
        let file = try HostFile.open(path, for: reference)
        let size = try onDisk("look at a file") { () throws(Errno) in try FileStatus.of(file).size }
        guard size <= Int64(limit) else { throw .tooLarge(limit: limit) }
        let layers = document.layers.map {
            BlobDescriptor(mediaType: "application/vnd.oci.image.layer.v1.tar", digest: $0, size: -1)
        }
        return SourceImage(digest: digest, configuration: document.configuration, layers: layers, size: size)
    }

    func fetch(
        _ drafts: [BlobDraft], of image: SourceImage, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws(ContainerImageError) {
        let (entry, document, digest) = try await description()
        guard digest == image.digest else { throw .notFound(reference, "the archive has changed: it has \(digest)") }
        // A layer may be there under several names.
        let names = drafts.map { draft in
            document.layers.firstIndex(of: draft.blob.digest).map { entry.Layers[$0] } ?? ""
        }
        try await takeOut(names, to: drafts.map(\.file))
        for (layer, draft) in drafts.enumerated() {
            if Task.isCancelled { throw .cancelled }
            try await BlockingThread.run { () throws(ContainerImageError) in
                try draft.readBack()
                try draft.check()
            }
            progress(layer, Int(image.size) / max(1, drafts.count))
        }
    }

    private func description() async throws(ContainerImageError) -> (Entry, ConfigurationDocument, ImageDigest) {
        let list = try await small("manifest.json", limit: ManifestDocument.largest)
        let entries: [Entry]
        do { entries = try JSONDecoder().decode([Entry].self, from: Data(list)) } catch {
            throw .notSupported(reference, .unsupported, "manifest.json cannot be read: \(error)")
        }
        guard entries.count == 1, let entry = entries.first else {
            throw .notSupported(reference, .unsupported, "the archive has \(entries.count) images; save one alone")
        }
        let bytes = try await small(entry.Config, limit: ConfigurationDocument.largest)
        let document: ConfigurationDocument
        do throws(ManifestDocument.Unusable) { document = try ConfigurationDocument(bytes) } catch {
            throw .notSupported(reference, .unsupported, error.reason)
        }
        guard document.layers.count == entry.Layers.count else {
            throw .notSupported(reference, .unsupported, "it does not name the digest of each layer")
        }
        return (entry, document, ImageDigest(of: bytes))
    }

    private func small(_ name: String, limit: Int) async throws(ContainerImageError) -> [UInt8] {
        let file = try onDisk("make a file in memory") { () throws(Errno) in
            try OwnedDescriptor.memoryFile(named: "thaw-image").shared()
        }
        try await takeOut([name], to: [file], limit: limit)
        return try onDisk("read a file in memory") { () throws(Errno) in try file.descriptor.readAll(limit: limit) }
    }

    private func takeOut(
        _ names: [String], to files: [SharedDescriptor], limit: Int? = nil
    ) async throws(ContainerImageError) {
        let archive = try HostFile.open(path, for: reference).shared()
        do throws(WorkshopError) {
            try await workshop.takeOut(names, of: archive, to: files, limit: limit ?? self.limit)
        } catch .notInArchive(let name) {
            throw .notSupported(reference, .unsupported, "the archive has no \(name.prefix(200))")
        } catch {
            throw ContainerImageError(error, limit: self.limit)
        }
    }
}
