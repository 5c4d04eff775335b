package import ContainerImages
internal import FunctionModel
internal import Logging
import Synchronization

/// The container images of functions: what their names stand for, their roots, and how far each is that is being made.
final class ContainerRoots: Sendable {
    private let provider: any ContainerImageProvider
    private let logger: Logger
    /// By image, in words.
    private let progress = Mutex<[String: String]>([:])

    init(_ provider: any ContainerImageProvider, logger: Logger) {
        self.provider = provider
        self.logger = logger
    }

    /// The image that is called so at this moment.
    func resolve(_ uri: String) async throws(ContainerImageError) -> FunctionImage {
        FunctionImage(try await provider.resolve(try ImageReference(parsing: uri)), uri: uri)
    }

    /// The root of an image, which is made, or fetched again, where it is not there.
    func root(of image: FunctionImage) async throws(ContainerImageError) -> ContainerRoot {
        guard let resolved = ResolvedImage(image) else {
            throw ContainerImageError(.damaged, "'\(image.digest)' is no digest of an image.")
        }
        defer { progress.withLock { _ = $0.removeValue(forKey: image.digest) } }
        return try await provider.root(of: resolved) { [weak self] step in self?.note(step, of: image) }
    }

    private func note(_ step: ImageProgress, of image: FunctionImage) {
        let isNew = progress.withLock { $0.updateValue(step.words, forKey: image.digest) == nil }
        if isNew { logger.info("making the root of a container image", metadata: ["image": "\(image.resolvedURI)"]) }
        guard step.isOfNote else { return }
        logger.debug(
            "container image", metadata: ["image": "\(image.resolvedURI)", "step": "\(step.words)"])
    }

    /// How far the making of its root is; nil when nobody is at it.
    func progress(of image: FunctionImage) -> String? { progress.withLock { $0[image.digest] } }

    func remove(except digests: Set<String>) async throws(ContainerImageError) {
        try await provider.remove(except: Set(digests.compactMap { ImageDigest(hexadecimal: $0) }))
    }
}

extension FunctionImage {
    fileprivate init(_ resolved: ResolvedImage, uri: String) {
        let own = resolved.configuration
        self.init(
            uri: uri, resolvedURI: resolved.resolvedReference, digest: resolved.digest.hexadecimal,
            size: resolved.compressedSize,
            declared: ImageDeclaration(
                entryPoint: own.entrypoint, command: own.command, variables: own.environment,
                workingDirectory: own.workingDirectory, labels: own.labels))
    }
}

extension ResolvedImage {
    /// Enough of it to find or fetch its layers.
    fileprivate init?(_ image: FunctionImage) {
        guard let digest = ImageDigest(hexadecimal: image.digest) else { return nil }
        self.init(
            reference: image.uri, resolvedReference: image.resolvedURI, digest: digest,
            configuration: ContainerConfiguration(
                entrypoint: image.declared.entryPoint, command: image.declared.command, architecture: "amd64"),
            compressedSize: image.size)
    }
}

extension ImageProgress {
    fileprivate var words: String {
        switch self {
        case .pulling(let layer, let count, let bytes, let total):
            "pulling layer \(layer) of \(count), \(bytes >> 20) of \(total >> 20) MiB are here"
        case .unpacking(let layer, let count): "unpacking layer \(layer) of \(count)"
        case .packing: "writing the root file system"
        }
    }

    /// Not every piece that arrives.
    fileprivate var isOfNote: Bool { if case .pulling = self { false } else { true } }
}

/// A server without them.
package struct NoContainerImages: ContainerImageProvider {
    package init() {}

    private static let refusal = ContainerImageError(
        .unsupported, "Container images are not available on this server.")

    package func resolve(_ reference: ImageReference) async throws(ContainerImageError) -> ResolvedImage {
        throw Self.refusal
    }

    package func root(
        of image: ResolvedImage, progress: @escaping @Sendable (ImageProgress) -> Void
    ) async throws(ContainerImageError) -> ContainerRoot {
        throw Self.refusal
    }

    package func remove(except kept: Set<ImageDigest>) async throws(ContainerImageError) {}
}
