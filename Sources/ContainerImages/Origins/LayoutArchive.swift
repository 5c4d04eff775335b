internal import LinuxKit

/// A tar with an OCI layout: what `podman save --format oci-archive` and buildkit's `type=oci` write.
struct LayoutArchive: ImageSource {
    let file: ArchiveFile
    /// What an archive without a layout is said not to have.
    var lacking = "oci-layout"

    private static let longestMark = 4096

    func image() async throws(ContainerImageError) -> SourceImage {
        _ = try file.size()
        guard try await file.small("oci-layout", limit: Self.longestMark) != nil else {
            throw .notSupported(file.reference, .unsupported, "the archive has no \(lacking)")
        }
        return try await LayoutWalk(
            reference: file.reference, limit: file.limit,
            read: { name, limit throws(ContainerImageError) in
                guard let bytes = try await file.small(name, limit: limit) else { throw lacks(name) }
                return bytes
            }
        ).image()
    }

    func fetch(
        _ drafts: [BlobDraft], of image: SourceImage, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws(ContainerImageError) {
        let names = drafts.map { LayoutWalk.name(of: $0.blob.digest) }
        if let missing = try await file.takeOut(names, to: drafts.map(\.file), limit: file.limit) {
            throw lacks(missing)
        }
        for (layer, draft) in drafts.enumerated() {
            if Task.isCancelled { throw .cancelled }
            try await BlockingThread.run { () throws(ContainerImageError) in
                try draft.readBack()
                try draft.check()
            }
            progress(layer, Int(draft.size))
        }
    }

    private func lacks(_ name: String) -> ContainerImageError {
        .notFound(file.reference, "the archive has no \(name)")
    }
}
