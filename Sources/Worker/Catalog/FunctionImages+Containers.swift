internal import BaseImages
internal import Basics
internal import ContainerImages
internal import Crypto
internal import FunctionModel
internal import Sandboxes
internal import Snapshots

/// Container images: their root takes the place of a base image's, of which kernel and initramfs stay.
extension FunctionImages {
    /// The base images that lend them, the first that is built.
    private static let lenders = ["provided.al2023", "python3.13", "java21", "nodejs22.x"]

    func container(_ image: FunctionImage) async throws(ContainerImageError) -> RuntimeImage {
        let lender = try await rethrowing(
            try await lender(), as: { (error: LambdaError) in ContainerImageError(.disk, error.message) })
        return try await container(image, on: lender)
    }

    private func container(
        _ image: FunctionImage, on lender: RuntimeImage
    ) async throws(ContainerImageError) -> RuntimeImage {
        let root = try await containers.root(of: image)
        return RuntimeImage(
            image: SandboxImage(
                kernel: lender.image.kernel, initramfs: lender.image.initramfs, root: root.path,
                digest: Self.digest(of: image, on: lender)),
            baseDigest: lender.baseDigest, environment: image.declared.environment,
            workingDirectory: image.workingDirectory, arguments: { _, _, _ in image.arguments })
    }

    private static func digest(of image: FunctionImage, on lender: RuntimeImage) -> String {
        Hexadecimal.text(Array(SHA256.hash(data: Array("\(lender.baseDigest):\(image.digest)".utf8))))
    }

    private func lender() async throws(LambdaError) -> RuntimeImage {
        let others = files.runtimes.filter { !Self.lenders.contains($0) }
        for name in Self.lenders + others where files.runtimes.contains(name) {
            let found = try await rethrowing(
                try await files.image(name), as: { (error: ImageError) in LambdaError.service("\(error)") })
            if let found { return found }
        }
        throw .runtimeNotBuilt(Self.lenders[0])
    }

    /// What a snapshot of a function was taken on, which may be older than what the function would be booted from now.
    func image(
        of snapshot: SnapshotLease, _ function: FunctionConfiguration
    ) async throws(UnusableSnapshot) -> RuntimeImage {
        let base = try runtime(of: snapshot)
        guard snapshot.manifest.snapshot.containerDigest == function.image?.digest else {
            throw UnusableSnapshot(reason: "it was taken with another container image")
        }
        guard let image = function.image else { return base }
        return try await rethrowing(
            try await container(image, on: base),
            as: { (error: ContainerImageError) in UnusableSnapshot(reason: "\(error)") })
    }
}

extension LambdaError {
    /// What a client is told when an image cannot be had.
    init(_ error: ContainerImageError) {
        self =
            switch error.code {
            case .badReference, .notFound, .noMatchingArchitecture, .unsupported, .tooLarge, .damaged, .hostile,
                .unreachable:
                LambdaError(code: .invalidParameterValue, message: error.message)
            case .unauthorized: LambdaError(code: .accessDenied, message: error.message)
            case .disk, .cancelled: .service(error.description)
            }
    }
}
