import ContainerImages
import Synchronization
import SystemPackage

/// A registry without images: tests say what its names stand for.
final class FakeContainers: ContainerImageProvider {
    struct Script: Sendable {
        var digest = FakeContainers.digest("a")
        var configuration = ContainerConfiguration(
            entrypoint: ["/lambda-entrypoint.sh"], command: ["app.handler"],
            environment: ["OWN=1", "AWS_REGION=mars", "PATH=/own", "no variable"], workingDirectory: "/var/task",
            architecture: "amd64")
        var resolveError: ContainerImageError?
        var rootError: ContainerImageError?
        var beforeRoot: @Sendable () async -> Void = {}
        var kept: [Set<ImageDigest>] = []
    }

    private let script = Mutex(Script())

    static func digest(_ digit: Character) -> ImageDigest {
        guard let digest = ImageDigest(hexadecimal: String(repeating: digit, count: 64)) else {
            preconditionFailure("\(digit) is no hexadecimal digit")
        }
        return digest
    }

    func change(_ body: (inout Script) -> Void) { script.withLock { body(&$0) } }

    /// What each removal was told to keep.
    var kept: [Set<ImageDigest>] { script.withLock { $0.kept } }

    func resolve(_ reference: ImageReference) async throws(ContainerImageError) -> ResolvedImage {
        let script = script.withLock { $0 }
        if let error = script.resolveError { throw error }
        return ResolvedImage(
            reference: reference.description, resolvedReference: reference.pinned(to: script.digest),
            digest: script.digest, configuration: script.configuration, compressedSize: 10)
    }

    func root(
        of image: ResolvedImage, progress: @escaping @Sendable (ImageProgress) -> Void
    ) async throws(ContainerImageError) -> ContainerRoot {
        let script = script.withLock { $0 }
        progress(.pulling(layer: 1, of: 2, bytes: 3 << 20, total: 9 << 20))
        await script.beforeRoot()
        if let error = script.rootError { throw error }
        return ContainerRoot(
            path: FilePath("/roots/\(image.digest.hexadecimal).erofs"), digest: image.digest, size: 4096)
    }

    func remove(except kept: Set<ImageDigest>) async throws(ContainerImageError) {
        script.withLock { $0.kept.append(kept) }
    }
}
