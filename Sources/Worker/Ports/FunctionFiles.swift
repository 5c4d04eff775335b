package import BaseImages
internal import FunctionModel
internal import LinuxKit
package import Sandboxes
import Synchronization
package import SystemPackage

/// What the worker needs of the images on this host.
package protocol FunctionFiles: Sendable {
    /// The runtimes a function can be created with.
    var runtimes: [String] { get }
    /// The built base image of a runtime; nil when it has not been built.
    func image(_ runtime: String) async throws(ImageError) -> RuntimeImage?
    /// The image with this digest, current or not: what a snapshot names.
    func image(digest: String) throws(ImageError) -> RuntimeImage?
    /// Quick checks of an upload, before it is kept. Returns the bytes that it says it unpacks to.
    func validate(zip: FilePath) async throws(ImageError) -> Int
    /// The code of `zip` as a read-only image; made once per content.
    func codeImage(zip: FilePath, sha256: String) async throws(ImageError) -> FilePath
    func removeCodeImage(sha256: String) throws(ImageError)
    /// Layers, laid over each other in their order, as a read-only image; made once per set.
    func layersImage(zips: [FilePath], sha256: String) async throws(ImageError) -> FilePath
    func removeLayersImage(sha256: String) throws(ImageError)
    /// An empty `/tmp` of this size; made once per size.
    func scratchImage(megabytes: Int) async throws(ImageError) -> FilePath
}

/// A base image as the worker uses it.
package struct RuntimeImage: Sendable {
    package var image: SandboxImage
    /// Of the base image that it is, or that lends it kernel and initramfs.
    package var baseDigest: String
    /// Nil: a container image's, which no platform knows.
    package var version: RuntimeVersion?
    /// Where the runtime is started.
    package var workingDirectory: String
    /// The runtime's argument vector for a handler, a memory size and the environment that it starts with.
    package var arguments:
        @Sendable (_ handler: String, _ memoryMegabytes: Int, _ environment: [String: String]) -> [String]
    /// The environment that belongs to this runtime, not to a function.
    package var environment: [String: String]
    /// How the runtime is booted without a function for a memory size; nil when it cannot be. Its environment is
    /// ``environment``.
    package var seed: @Sendable (_ memoryMegabytes: Int) -> SeedRecipe?

    package init(
        image: SandboxImage, baseDigest: String? = nil, version: RuntimeVersion? = nil,
        environment: [String: String], workingDirectory: String = "/var/task",
        seed: @escaping @Sendable (_ memoryMegabytes: Int) -> SeedRecipe? = { _ in nil },
        arguments:
            @escaping @Sendable (_ handler: String, _ memoryMegabytes: Int, _ environment: [String: String]) -> [String]
    ) {
        self.image = image
        self.baseDigest = baseDigest ?? image.digest
        self.version = version
        self.workingDirectory = workingDirectory
        self.environment = environment
        self.seed = seed
        self.arguments = arguments
    }
}

/// The images that ``ImageStore`` keeps.
package struct StoredFunctionFiles: FunctionFiles {
    private let store: ImageStore
    private let region: String
    private let known = KnownImages()
    package let runtimes: [String]

    /// - Parameter recipes: the names of the base images that can be built here.
    package init(store: ImageStore, recipes: [String], region: String) {
        self.store = store
        runtimes = Runtimes.names(servedBy: recipes)
        self.region = region
    }

    /// Reads the runtime's files to know whether its image is current.
    package func image(_ runtime: String) async throws(ImageError) -> RuntimeImage? {
        let (store, name) = (store, Runtimes.image(for: runtime))
        let known = known
        let found = try await BlockingThread.run { () throws(ImageError) -> BaseImage? in
            guard let image = try store.image(name) else { return nil }
            return try known.hold(image, in: store) ? image : nil
        }
        return found.map { runtimeImage($0) }
    }

    /// On the way of every restore, and an image never changes: each is read once.
    package func image(digest: String) throws(ImageError) -> RuntimeImage? {
        if let known = known.images.withLock({ $0[digest] }), FileStatus.exists(known.image.root) { return known }
        guard let image = store.image(digest: digest), try known.hold(image, in: store) else { return nil }
        let found = runtimeImage(image)
        known.images.withLock { $0[digest] = found }
        return found
    }

    package func validate(zip: FilePath) async throws(ImageError) -> Int {
        try await store.validate(zip: zip)
    }

    package func codeImage(zip: FilePath, sha256: String) async throws(ImageError) -> FilePath {
        try await store.codeImage(zip: zip, sha256: sha256)
    }

    package func removeCodeImage(sha256: String) throws(ImageError) { try store.removeCodeImage(sha256: sha256) }

    package func layersImage(zips: [FilePath], sha256: String) async throws(ImageError) -> FilePath {
        try await store.layersImage(zips: zips, sha256: sha256)
    }

    package func removeLayersImage(sha256: String) throws(ImageError) { try store.removeLayersImage(sha256: sha256) }

    package func scratchImage(megabytes: Int) async throws(ImageError) -> FilePath {
        try await store.scratchImage(megabytes: megabytes)
    }

    private static func seed(of base: BaseImage, memoryMegabytes: Int) -> SeedRecipe? {
        guard let seed = base.seed, let arguments = base.seedArguments(memoryMegabytes: memoryMegabytes) else {
            return nil
        }
        return SeedRecipe(arguments: arguments, environment: base.environment, startVariables: seed.startVariables)
    }

    private func runtimeImage(_ base: BaseImage) -> RuntimeImage {
        RuntimeImage(
            image: SandboxImage(
                kernel: base.kernel, initramfs: base.initramfs, root: base.root, digest: base.digest),
            version: RuntimeVersion(name: base.runtimeVersion, arn: base.runtimeVersionARN(region: region)),
            environment: base.environment, seed: { Self.seed(of: base, memoryMegabytes: $0) },
            arguments: { base.arguments(handler: $0, memoryMegabytes: $1, environment: $2) })
    }
}

/// Images that sandboxes of this server were made from; held until it ends, so that nobody prunes them meanwhile.
private final class KnownImages: Sendable {
    let images = Mutex<[String: RuntimeImage]>([:])
    private let leases = Mutex<[String: ImageLease]>([:])

    /// False when the image is gone. Blocks while somebody prunes it.
    func hold(_ image: BaseImage, in store: ImageStore) throws(ImageError) -> Bool {
        if leases.withLock({ $0[image.digest] != nil }) { return true }
        guard let lease = try store.lease(image) else { return false }
        leases.withLock { $0[image.digest] = lease }
        return true
    }
}
