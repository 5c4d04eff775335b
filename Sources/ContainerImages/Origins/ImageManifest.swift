internal import Foundation

/// A part of an image, by its content.
struct BlobDescriptor: Sendable, Hashable {
    var mediaType: String
    var digest: ImageDigest
    var size: Int64
}

/// What a registry or layout has under a name: image-spec's manifest.md and image-index.md, and Docker's version 2, schema 2.
enum ManifestDocument: Sendable {
    case image(config: BlobDescriptor, layers: [BlobDescriptor])
    case index([Choice])

    /// An image of an index.
    struct Choice: Sendable, Hashable {
        var blob: BlobDescriptor
        /// `linux/amd64`; nil where the index does not say.
        var platform: String?
        var variant: String?
        /// What a layout calls it.
        var name: String?
        /// Says something of another image, and is none.
        var isAttestation: Bool
    }

    static let largest = 4 << 20
    private static let mostLayers = 250
    static let images = [
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
    ]
    static let indexes = [
        "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
    ]
    private static let configurations = [
        "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json",
    ]
    private static let layers = [
        "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    ]

    /// Why a document is not one that can be used.
    struct Unusable: Error { var reason: String }

    /// - Parameter type: as who had it says; what it says itself counts more.
    init(_ bytes: [UInt8], type: String?) throws(Unusable) {
        let text: Text
        do { text = try JSONDecoder().decode(Text.self, from: Data(bytes)) } catch {
            throw Unusable(reason: "it is no manifest: \(error)")
        }
        // One that is both could be two images to two readers.
        guard text.manifests == nil || (text.config == nil && text.layers == nil) else {
            throw Unusable(reason: "it is a manifest and an index at once")
        }
        let type = text.mediaType ?? type ?? (text.manifests == nil ? Self.images[0] : Self.indexes[0])
        if Self.indexes.contains(type), let manifests = text.manifests {
            self = .index(manifests.compactMap(\.choice))
            return
        }
        guard Self.images.contains(type), text.schemaVersion == 2, let config = text.config?.blob,
            let parts = text.layers
        else { throw Unusable(reason: "its media type is '\(type)'") }
        guard Self.configurations.contains(config.mediaType) else {
            throw Unusable(reason: "its configuration's media type is '\(config.mediaType)'")
        }
        guard parts.count <= Self.mostLayers else {
            throw Unusable(reason: "it has \(parts.count) layers; at most \(Self.mostLayers) are read")
        }
        var layers: [BlobDescriptor] = []
        for part in parts {
            guard let layer = part.blob else { throw Unusable(reason: "a layer has no SHA-256 digest, or no size") }
            guard Self.layers.contains(layer.mediaType) else {
                throw Unusable(reason: "a layer's media type is '\(layer.mediaType)'")
            }
            layers.append(layer)
        }
        self = .image(config: config, layers: layers)
    }

    // MARK: - JSON

    private struct Text: Decodable {
        var schemaVersion: Int?
        var mediaType: String?
        var config: Part?
        var layers: [Part]?
        var manifests: [Part]?
    }

    private struct Part: Decodable {
        struct Platform: Decodable {
            var architecture: String?
            var os: String?
            var variant: String?
        }

        var mediaType: String?
        var digest: String?
        var size: Int64?
        var platform: Platform?
        var annotations: [String: String]?

        var blob: BlobDescriptor? {
            guard let mediaType, let digest = digest.flatMap({ ImageDigest($0) }), let size, size >= 0 else {
                return nil
            }
            return BlobDescriptor(mediaType: mediaType, digest: digest, size: size)
        }

        var choice: Choice? {
            guard let blob else { return nil }
            let named = platform.map { "\($0.os ?? "")/\($0.architecture ?? "")" }
            return Choice(
                blob: blob, platform: named, variant: platform?.variant,
                name: annotations?["org.opencontainers.image.ref.name"],
                isAttestation: annotations?["vnd.docker.reference.type"] != nil || named == "unknown/unknown")
        }
    }
}

extension ManifestDocument.Choice {
    /// The one for this machine: of several, the one that needs no newer processor.
    static func matching(_ platform: String, of choices: [Self]) -> Self? {
        let images = choices.filter { !$0.isAttestation }
        let matching = images.filter { $0.platform == platform }
        if let plain = matching.first(where: { $0.variant == nil || $0.variant == "" }) { return plain }
        if let first = matching.first { return first }
        // An index may leave out what there is only one of; the image's own configuration tells.
        return images.count == 1 && images[0].platform == nil ? images[0] : nil
    }
}

/// Go's name of this machine.
enum Platform {
    #if arch(x86_64)
    static let architecture = "amd64"
    #else
    static let architecture = "arm64"
    #endif
    static let name = "linux/\(architecture)"
}

/// An image's configuration: image-spec's config.md.
struct ConfigurationDocument: Sendable {
    let configuration: ContainerConfiguration
    /// Of the layers before they were compressed.
    let layers: [ImageDigest]

    static let largest = 4 << 20

    init(_ bytes: [UInt8]) throws(ManifestDocument.Unusable) {
        let text: Text
        do { text = try JSONDecoder().decode(Text.self, from: Data(bytes)) } catch {
            throw ManifestDocument.Unusable(reason: "its configuration cannot be read: \(error)")
        }
        let system = text.os ?? "linux"
        guard system == "linux" else { throw ManifestDocument.Unusable(reason: "it is for \(system)") }
        let wanted = text.config
        configuration = ContainerConfiguration(
            entrypoint: wanted?.Entrypoint ?? [], command: wanted?.Cmd ?? [], environment: wanted?.Env ?? [],
            workingDirectory: Self.said(wanted?.WorkingDir), user: Self.said(wanted?.User),
            labels: wanted?.Labels ?? [:], architecture: text.architecture ?? Platform.architecture)
        layers = text.rootfs?.diff_ids?.compactMap { ImageDigest($0) } ?? []
    }

    private static func said(_ text: String?) -> String? { text?.isEmpty == false ? text : nil }

    private struct Text: Decodable {
        struct Config: Decodable {
            var Entrypoint: [String]?
            var Cmd: [String]?
            var Env: [String]?
            var WorkingDir: String?
            var User: String?
            var Labels: [String: String]?
        }

        struct Root: Decodable { var diff_ids: [String]? }

        var architecture: String?
        var os: String?
        var config: Config?
        var rootfs: Root?
    }
}
