import ContainerImages
import Foundation
import LinuxKit
import Logging
import SystemPackage
import TestSupport

/// An image as registries and layouts keep it.
struct TestImage: Sendable {
    var blobs: [ImageDigest: [UInt8]] = [:]
    var manifest: [UInt8]
    var digest: ImageDigest { ImageDigest(of: manifest) }

    static let manifestType = "application/vnd.oci.image.manifest.v1+json"
    static let indexType = "application/vnd.oci.image.index.v1+json"

    let configuration: [UInt8]
    let layers: [[UInt8]]

    init(
        _ layers: [[UInt8]], diffs: [[UInt8]]? = nil, architecture: String = architecture,
        layerType: String = "application/vnd.oci.image.layer.v1.tar+gzip"
    ) {
        self.layers = layers
        let ids = (diffs ?? layers).map { "\"\(ImageDigest(of: $0))\"" }.joined(separator: ",")
        configuration = Array(
            """
            {"architecture":"\(architecture)","os":"linux","config":{"Entrypoint":["/bootstrap"],"Cmd":["a","b"],
            "Env":["A=1"],"WorkingDir":"/srv","User":"1000","Labels":{"k":"v"}},
            "rootfs":{"type":"layers","diff_ids":[\(ids)]}}
            """.utf8)
        let parts = layers.map { Self.part($0, layerType) }.joined(separator: ",")
        manifest = Array(
            """
            {"schemaVersion":2,"mediaType":"\(Self.manifestType)",
            "config":\(Self.part(configuration, "application/vnd.oci.image.config.v1+json")),"layers":[\(parts)]}
            """.utf8)
        for blob in layers + [configuration, manifest] { blobs[ImageDigest(of: blob)] = blob }
    }

    /// One file, `hello`, and what hides another.
    static func sample(_ text: String = "hello") -> TestImage {
        let layers = [
            TarBuilder.archive([TarBuilder.Entry("hello", text), TarBuilder.Entry("old", "1")]),
            TarBuilder.archive([TarBuilder.Entry(".wh.old")]),
        ]
        return TestImage(layers.map(TarBuilder.gzip), diffs: layers)
    }

    #if arch(x86_64)
    static let architecture = "amd64"
    #else
    static let architecture = "arm64"
    #endif

    static func part(_ bytes: [UInt8], _ type: String, _ more: String = "") -> String {
        "{\"mediaType\":\"\(type)\",\"digest\":\"\(ImageDigest(of: bytes))\",\"size\":\(bytes.count)\(more)}"
    }

    static func index(_ parts: [String]) -> [UInt8] {
        Array(
            "{\"schemaVersion\":2,\"mediaType\":\"\(indexType)\",\"manifests\":[\(parts.joined(separator: ","))]}".utf8)
    }

    func entry(_ platform: String? = "linux/\(architecture)", tag: String? = nil, more: String = "") -> String {
        var text = more
        if let platform {
            let words = platform.split(separator: "/")
            text += ",\"platform\":{\"os\":\"\(words[0])\",\"architecture\":\"\(words[1])\"}"
        }
        if let tag { text += ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"\(tag)\"}" }
        return Self.part(manifest, Self.manifestType, text)
    }

    static let attestation = TestImage([]).entry(
        "unknown/unknown", more: ",\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"}")

    static func file(_ name: String, _ content: [UInt8]) -> TarBuilder.Entry {
        var entry = TarBuilder.Entry(name)
        entry.content = content
        return entry
    }

    /// A layout, for a tar.
    static func entries(_ images: [TestImage], index: [UInt8], prefix: String = "") -> [TarBuilder.Entry] {
        let blobs = images.flatMap(\.blobs).map { digest, bytes in
            file("\(prefix)blobs/sha256/\(digest.hexadecimal)", bytes)
        }
        return [
            file("\(prefix)oci-layout", Array("{\"imageLayoutVersion\":\"1.0.0\"}".utf8)),
            file("\(prefix)index.json", index),
        ] + blobs
    }

    /// Writes a layout.
    static func write(_ images: [TestImage], index: [UInt8], to directory: FilePath) throws {
        try DurableFile.makeDirectory(directory.pushing("blobs/sha256"))
        for (digest, bytes) in images.flatMap(\.blobs) {
            try DurableFile.write(bytes, to: directory.pushing("blobs/sha256").appending(digest.hexadecimal))
        }
        try DurableFile.write(index, to: directory.appending("index.json"))
        try DurableFile.write("{\"imageLayoutVersion\":\"1.0.0\"}".utf8, to: directory.appending("oci-layout"))
    }
}

/// A store in a scratch directory.
func withStore<R>(
    _ options: ContainerImageOptions = .init(), _ body: (ContainerImageStore, FilePath) async throws -> R
) async throws -> R {
    try await withScratchDirectory { scratch in
        let store = ContainerImageStore(
            directory: scratch.appending("images"), workshop: BuiltProgram.workshop, options: options,
            logger: .init(label: "test"))
        let outcome: Result<R, any Error>
        do { outcome = .success(try await body(store, scratch)) } catch { outcome = .failure(error) }
        await store.shutdown()
        return try outcome.get()
    }
}

/// What a file of a root says.
func text(_ name: String, in root: ContainerRoot) throws -> String {
    try withMount(of: root) { try SmallFile.text($0.pushing(FilePath(name))) }
}

func withMount<R>(of root: ContainerRoot, _ body: (FilePath) throws -> R) throws -> R {
    let device = try LoopDevice(over: OwnedDescriptor.open(root.path, .readOnly))
    let mount = try DetachedMount.make("erofs", source: device.path, options: ["ro": nil])
    return try mount.descriptor.withRaw { try body(FilePath("/proc/self/fd/\($0)")) }
}
