/// Finds the image of an OCI layout, whatever has the layout: image-spec's image-layout.md.
struct LayoutWalk: Sendable {
    let reference: ImageReference
    /// Bytes that an image may have.
    let limit: Int
    /// Reads a file of the layout. What it is called by its digest need not be checked.
    let read: @Sendable (_ name: String, _ limit: Int) async throws(ContainerImageError) -> [UInt8]

    static func name(of blob: ImageDigest) -> String { "blobs/sha256/\(blob.hexadecimal)" }

    func image() async throws(ContainerImageError) -> SourceImage {
        try await ManifestWalk(
            reference: reference, limit: limit,
            document: { digest throws(ContainerImageError) in
                if let digest { return (try await read(Self.name(of: digest), ManifestDocument.largest), nil) }
                let chosen = try choose(in: try await read("index.json", ManifestDocument.largest))
                let bytes = try await read(Self.name(of: chosen.digest), ManifestDocument.largest)
                guard ImageDigest(of: bytes) == chosen.digest else {
                    throw .damaged(chosen, "its content is \(ImageDigest(of: bytes))")
                }
                return (bytes, chosen.mediaType)
            },
            small: { blob throws(ContainerImageError) in
                try await read(Self.name(of: blob.digest), ConfigurationDocument.largest)
            }
        ).image()
    }

    /// What the tag names. Without a tag: what there is only one of, at all or for this machine.
    private func choose(in index: [UInt8]) throws(ContainerImageError) -> BlobDescriptor {
        let choices: [ManifestDocument.Choice]
        do throws(ManifestDocument.Unusable) {
            guard case .index(let found) = try ManifestDocument(index, type: ManifestDocument.indexes[0]) else {
                throw ManifestDocument.Unusable(reason: "index.json is no index")
            }
            choices = found.filter { !$0.isAttestation }
        } catch {
            throw .notSupported(reference, .unsupported, error.reason)
        }
        if let tag = reference.tag {
            let named = choices.filter { $0.name == tag }
            guard let found = ManifestDocument.Choice.matching(Platform.name, of: named) ?? named.first else {
                throw .notFound(reference, "the layout has no tag '\(tag)'")
            }
            return found.blob
        }
        if choices.count == 1 { return choices[0].blob }
        let matching = choices.filter { $0.platform == Platform.name }
        guard matching.count == 1 else {
            let tags = choices.compactMap(\.name).joined(separator: ", ")
            throw .notFound(reference, "the layout has \(choices.count) images; name a tag: \(tags)")
        }
        return matching[0].blob
    }
}
