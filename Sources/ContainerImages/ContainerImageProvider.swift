package import SystemPackage

/// An image for this machine's architecture, by its manifest's digest.
package struct ResolvedImage: Sendable, Hashable, Codable {
    /// As it was asked for.
    package var reference: String
    /// The same image for ever: with its digest, without a tag.
    package var resolvedReference: String
    package var digest: ImageDigest
    package var configuration: ContainerConfiguration
    /// Of the layers as they are transferred.
    package var compressedSize: Int64

    package init(
        reference: String, resolvedReference: String, digest: ImageDigest, configuration: ContainerConfiguration,
        compressedSize: Int64
    ) {
        self.reference = reference
        self.resolvedReference = resolvedReference
        self.digest = digest
        self.configuration = configuration
        self.compressedSize = compressedSize
    }
}

/// The root file system of an image: a file that is mounted.
package struct ContainerRoot: Sendable, Hashable {
    /// An erofs.
    package var path: FilePath
    /// The image's.
    package var digest: ImageDigest
    package var size: Int64

    package init(path: FilePath, digest: ImageDigest, size: Int64) {
        self.path = path
        self.digest = digest
        self.size = size
    }
}

/// How far the making of a root is. Layers are counted from 1.
package enum ImageProgress: Sendable, Hashable {
    /// `bytes` of the `total` of all layers are here.
    case pulling(layer: Int, of: Int, bytes: Int64, total: Int64)
    case unpacking(layer: Int, of: Int)
    case packing
}

/// Images by name, and their roots by digest.
package protocol ContainerImageProvider: Sendable {
    /// What the name stands for at this moment. Reads the manifest and the configuration, no layer.
    func resolve(_ reference: ImageReference) async throws(ContainerImageError) -> ResolvedImage

    /// The image's root: made once, then found. Who asks meanwhile waits for the one that is being made.
    func root(
        of image: ResolvedImage, progress: @escaping @Sendable (ImageProgress) -> Void
    ) async throws(ContainerImageError) -> ContainerRoot

    /// Removes the roots of all other images. Sandboxes that have one open keep it.
    func remove(except kept: Set<ImageDigest>) async throws(ContainerImageError)
}
