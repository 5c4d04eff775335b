internal import Basics
internal import LinuxKit
package import Logging
package import SystemPackage
package import Workshop

/// How a server gets container images.
package struct ContainerImageOptions: Sendable {
    /// `HOST[:PORT]` of registries that have no TLS. Those on this machine have none anyway.
    package var insecureRegistries: Set<String> = []
    /// A file in PEM with the authorities that registries' certificates are checked against, instead of the system's.
    package var authorities: String?
    package var logins = RegistryLogins(file: nil)
    /// Whether images may come from layouts and archives on this host.
    package var allowsFiles = true
    /// What the layers of an image may have together, packed and unpacked.
    package var limits = LayerLimits.lambda
    /// What all layers of an image have to come in.
    package var patience = Duration.seconds(3600)
    /// Laid over every image.
    package var files: [PlacedFile] = []
    /// Made in every root.
    package var mountPoints = ContainerImageOptions.usualMountPoints

    package init() {}

    /// What sandboxes mount something on.
    package static let usualMountPoints =
        [
            "/dev", "/opt", "/proc", "/run", "/sys", "/tmp", "/var/runtime", "/var/task",
        ].map { MountPoint(.directory, $0) }
        + ["/etc/group", "/etc/hosts", "/etc/passwd", "/etc/resolv.conf"].map { MountPoint(.file, $0) }
}

/// Container images, and one root file system for each, which is made once.
///
/// ```
/// roots/<sha256>.erofs   by the image's digest
/// staging/               layers on their way, without names
/// locks/                 empty files
/// ```
package actor ContainerImageStore: ContainerImageProvider {
    private let directory: FilePath
    private let options: ContainerImageOptions
    private let workshop: Workshop
    private let client: RegistryClient
    private let logger: Logger
    private let gate = Gate(limit: roomFor)
    private var making: [ImageDigest: Task<Result<ContainerRoot, ContainerImageError>, Never>] = [:]

    /// Images that are made at a time.
    private static let roomFor = 2

    /// - Parameters:
    ///   - directory: made when it is first needed.
    ///   - workshop: the executable that reads layers, in a jail.
    package init(directory: FilePath, workshop: FilePath, options: ContainerImageOptions, logger: Logger) {
        self.directory = directory
        self.options = options
        self.logger = logger
        var limits = Workshop.Limits()
        // 10 GB at the speed of a slow processor.
        limits.time = .seconds(1200)
        limits.processorSeconds = 900
        limits.memoryBytes = 3 << 30
        self.workshop = Workshop(program: workshop, limits: limits)
        client = RegistryClient(authorities: options.authorities)
    }

    /// Ends what is going on, and all connections.
    package func shutdown() async {
        let tasks = making.values
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.value }
        await client.shutdown()
    }

    // MARK: - Images

    package func resolve(_ reference: ImageReference) async throws(ContainerImageError) -> ResolvedImage {
        let found = try await source(of: reference).image()
        return ResolvedImage(
            reference: reference.description, resolvedReference: reference.pinned(to: found.digest),
            digest: found.digest, configuration: found.configuration, compressedSize: found.size)
    }

    private func source(of reference: ImageReference) throws(ContainerImageError) -> any ImageSource {
        switch reference.place {
        case .registry(let host, let name):
            return RegistrySource(
                session: RegistrySession(
                    reference, host: host, name: name, isInsecure: isInsecure(host), logins: options.logins,
                    client: client),
                limit: options.limits.unpackedBytes, patience: options.patience)
        case .layout(let path):
            try checkFiles(reference)
            return ImageLayout(
                reference: reference, directory: FilePath(path), limit: options.limits.unpackedBytes)
        case .layoutArchive(let path): return LayoutArchive(file: try archive(path, of: reference))
        case .archive(let path): return DockerArchive(file: try archive(path, of: reference))
        }
    }

    private func archive(_ path: String, of reference: ImageReference) throws(ContainerImageError) -> ArchiveFile {
        try checkFiles(reference)
        return ArchiveFile(
            reference: reference, path: FilePath(path), limit: options.limits.unpackedBytes, workshop: workshop)
    }

    private func checkFiles(_ reference: ImageReference) throws(ContainerImageError) {
        guard options.allowsFiles else {
            throw .notFound(reference, "this server takes images from registries alone")
        }
    }

    private func isInsecure(_ host: String) -> Bool {
        if options.insecureRegistries.contains(host) { return true }
        guard let colon = host.lastIndex(of: ":"), let port = Int(host[host.index(after: colon)...]) else {
            return Origin(scheme: "http", host: host, port: nil)?.isLoopback ?? false
        }
        return port != 443 && (Origin(scheme: "http", host: String(host[..<colon]), port: port)?.isLoopback ?? false)
    }

    // MARK: - Roots

    private var roots: FilePath { directory.appending("roots") }
    private var staging: FilePath { directory.appending("staging") }
    private var locks: FilePath { directory.appending("locks") }

    package func root(
        of image: ResolvedImage, progress: @escaping @Sendable (ImageProgress) -> Void
    ) async throws(ContainerImageError) -> ContainerRoot {
        if let root = existing(image.digest) { return root }
        if let task = making[image.digest] { return try await task.value.get() }
        let task = Task {
            let outcome: Result<ContainerRoot, ContainerImageError>
            do throws(ContainerImageError) {
                outcome = .success(
                    try await gate.pass { () async throws(ContainerImageError) in try await make(image, progress) })
            } catch {
                outcome = .failure(error)
            }
            making[image.digest] = nil
            return outcome
        }
        making[image.digest] = task
        return try await task.value.get()
    }

    private func existing(_ digest: ImageDigest) -> ContainerRoot? {
        let path = roots.appending("\(digest.hexadecimal).erofs")
        guard let status = try? FileStatus.of(path, following: false), status.kind == .regular else { return nil }
        return ContainerRoot(path: path, digest: digest, size: status.size)
    }

    private func make(
        _ image: ResolvedImage, _ progress: @escaping @Sendable (ImageProgress) -> Void
    ) async throws(ContainerImageError) -> ContainerRoot {
        let places = [roots, staging, locks]
        let path = locks.appending(image.digest.hexadecimal)
        let lock = try await BlockingThread.run { () throws(ContainerImageError) in
            for place in places {
                try onDisk("make \(place)") { () throws(Errno) in try DurableFile.makeDirectory(place) }
            }
            // Another process may be at it.
            return try onDisk("lock \(path)") { () throws(Errno) in try FileLock.wait(for: path) }
        }
        defer { extendLifetime(lock) }
        if let root = existing(image.digest) { return root }
        let source = try source(of: try ImageReference(parsing: image.resolvedReference))
        let found = try await source.image()
        guard found.digest == image.digest else {
            throw ContainerImageError(
                .damaged, "The image is another one than it was.", cause: "\(image.digest) is \(found.digest)")
        }
        let drafts = try await fetch(found, from: source, progress)
        let layers = found.layers.compactMap { drafts[$0.digest]?.file }
        let root = try await pack(layers, image.digest, progress)
        logger.info(
            "made the root of an image",
            metadata: [
                "image": "\(image.resolvedReference)", "layers": "\(found.layers.count)", "bytes": "\(root.size)",
            ])
        return root
    }

    /// A layer that is there twice is fetched once.
    private func fetch(
        _ image: SourceImage, from source: any ImageSource, _ progress: @escaping @Sendable (ImageProgress) -> Void
    ) async throws(ContainerImageError) -> [ImageDigest: BlobDraft] {
        var drafts: [ImageDigest: BlobDraft] = [:]
        var ordered: [BlobDraft] = []
        for layer in image.layers where drafts[layer.digest] == nil {
            let draft = try BlobDraft(layer, in: staging)
            drafts[layer.digest] = draft
            ordered.append(draft)
        }
        let count = ordered.count
        let counter = ByteCounter()
        try await source.fetch(ordered, of: image) { layer, bytes in
            progress(
                .pulling(layer: layer + 1, of: count, bytes: counter.add(bytes), total: image.size))
        }
        return drafts
    }

    private func pack(
        _ layers: [SharedDescriptor], _ digest: ImageDigest, _ progress: @escaping @Sendable (ImageProgress) -> Void
    ) async throws(ContainerImageError) -> ContainerRoot {
        let name = "\(digest.hexadecimal).erofs"
        let draft = try onDisk("make a file") { () throws(Errno) in try FileDraft(in: roots, name: name) }
        let file = try onDisk("make a file") { () throws(Errno) in try draft.descriptor.duplicate().shared() }
        let size: Int
        let added = options.files.isEmpty ? [] : [try placedFiles()]
        do throws(WorkshopError) {
            size = try await workshop.makeImage(
                ofRoot: layers + added, mountPoints: options.mountPoints, limits: options.limits, in: file
            ) { step in
                switch step {
                case .reading(let layer):
                    if layer < layers.count { progress(.unpacking(layer: layer + 1, of: layers.count)) }
                case .packing: progress(.packing)
                }
            }
        } catch {
            throw ContainerImageError(error, limit: options.limits.unpackedBytes)
        }
        do throws(Errno) { try draft.commit(as: name) } catch { throw .disk("store the root of an image", error) }
        return ContainerRoot(path: roots.appending(name), digest: digest, size: Int64(size))
    }

    private func placedFiles() throws(ContainerImageError) -> SharedDescriptor {
        let files = options.files
        return try onDisk("make a layer") { () throws(Errno) in try PlacedFile.layer(files) }
    }

    // MARK: - Pruning

    package func remove(except kept: Set<ImageDigest>) async throws(ContainerImageError) {
        let (roots, locks, busy) = (roots, locks, Set(making.keys))
        try await BlockingThread.run { () throws(ContainerImageError) in
            guard let names = try? Directory.entries(roots) else { return }
            for name in names {
                // `<digest>.erofs`, or `.<digest>.erofs.<random>` of a maker that died.
                let digest = ImageDigest(hexadecimal: name.drop { $0 == "." }.prefix(64))
                guard let digest, !busy.contains(digest), name.hasPrefix(".") || !kept.contains(digest) else {
                    continue
                }
                let lock = try onDisk("lock an image") { () throws(Errno) in
                    try FileLock.take(locks.appending(digest.hexadecimal))
                }
                guard let lock else { continue }
                try onDisk("remove \(name)") { () throws(Errno) in try DurableFile.remove(roots.appending(name)) }
                extendLifetime(lock)
            }
        }
    }
}
