internal import SystemPackage

/// An image where it comes from, as far as its manifest and configuration say.
struct SourceImage: Sendable {
    var digest: ImageDigest
    var configuration: ContainerConfiguration
    var layers: [BlobDescriptor]
    /// Of what has to be fetched.
    var size: Int64
}

/// Where images come from.
protocol ImageSource: Sendable {
    /// Reads what there is, without layers.
    func image() async throws(ContainerImageError) -> SourceImage

    /// Fetches layers, each once, and checks them.
    /// - Parameter progress: told of bytes that have come, as they come.
    func fetch(
        _ drafts: [BlobDraft], of image: SourceImage, progress: @escaping @Sendable (_ layer: Int, _ bytes: Int) -> Void
    ) async throws(ContainerImageError)
}

/// Finds an image from what is under a name: an image, or an index with one for this machine.
struct ManifestWalk: Sendable {
    let reference: ImageReference
    /// AWS's limit of an image; no smaller one for what is compressed.
    let limit: Int
    /// Reads a document by its digest, nil: by the name that was asked for. Its digest need not be checked.
    let document: @Sendable (ImageDigest?) async throws(ContainerImageError) -> (bytes: [UInt8], type: String?)
    /// Reads a small blob, which need not be checked.
    let small: @Sendable (BlobDescriptor) async throws(ContainerImageError) -> [UInt8]

    /// An index in an index, as layouts have it.
    private static let deepest = 3

    func image() async throws(ContainerImageError) -> SourceImage {
        var wanted = reference.digest
        for _ in 0..<Self.deepest {
            let (bytes, type) = try await document(wanted)
            let digest = ImageDigest(of: bytes)
            if let wanted, wanted != digest {
                throw ContainerImageError(
                    .damaged, "The image is damaged: its manifest has another content.", cause: "\(wanted) is \(digest)"
                )
            }
            switch try parsed({ () throws(ManifestDocument.Unusable) in try ManifestDocument(bytes, type: type) }) {
            case .index(let choices):
                guard let choice = ManifestDocument.Choice.matching(Platform.name, of: choices) else {
                    let found = choices.filter { !$0.isAttestation }.compactMap(\.platform).joined(separator: ", ")
                    throw .notSupported(
                        reference, .noMatchingArchitecture,
                        found.isEmpty
                            ? "the index has no image" : "the index has \(found) and nothing for \(Platform.name)")
                }
                wanted = choice.blob.digest
            case .image(let config, let layers):
                return try await image(digest, config, layers)
            }
        }
        throw .notSupported(reference, .unsupported, "it is an index of indexes")
    }

    private func image(
        _ digest: ImageDigest, _ config: BlobDescriptor, _ layers: [BlobDescriptor]
    ) async throws(ContainerImageError) -> SourceImage {
        guard config.size <= ConfigurationDocument.largest else {
            throw .notSupported(reference, .unsupported, "its configuration has \(config.size) bytes")
        }
        var total: Int64 = 0
        for layer in layers {
            guard layer.size <= Int64(limit) - total else { throw .tooLarge(limit: limit) }
            total += layer.size
        }
        let bytes = try await small(config)
        guard bytes.count == config.size, ImageDigest(of: bytes) == config.digest else {
            throw .damaged(config, "\(bytes.count) bytes, \(ImageDigest(of: bytes))")
        }
        let document = try parsed { () throws(ManifestDocument.Unusable) in try ConfigurationDocument(bytes) }
        let architecture = document.configuration.architecture
        guard architecture == Platform.architecture else {
            throw .notSupported(reference, .noMatchingArchitecture, "it is for linux/\(architecture)")
        }
        return SourceImage(digest: digest, configuration: document.configuration, layers: layers, size: total)
    }

    private func parsed<R>(_ body: () throws(ManifestDocument.Unusable) -> R) throws(ContainerImageError) -> R {
        do { return try body() } catch { throw .notSupported(reference, .unsupported, error.reason) }
    }
}

/// AWS's words.
extension ContainerImageError {
    static func notSupported(_ reference: ImageReference, _ code: Code, _ cause: String) -> Self {
        Self(
            code,
            "The image manifest, config or layer media type for the source image \(reference) is not supported.",
            cause: cause)
    }

    static func notFound(_ reference: ImageReference, _ cause: String) -> Self {
        Self(.notFound, "Source image \(reference) does not exist. Provide a valid source image.", cause: cause)
    }

    /// - Parameter help: what to do about it.
    static func unauthorized(_ help: String, cause: String? = nil) -> Self {
        Self(
            .unauthorized,
            "Lambda does not have permission to access the ECR image. Check the ECR permissions. \(help)", cause: cause)
    }

    static func tooLarge(limit: Int) -> Self {
        Self(.tooLarge, "The image is larger than the \(limit >> 30) GB that its layers may have together.")
    }
}
