internal import BaseImages
internal import Basics
internal import FunctionModel
internal import Snapshots
internal import SystemPackage

/// The images that functions' sandboxes run from: the runtime's, the code's and the one of `/tmp`.
struct FunctionImages: Sendable {
    let files: any FunctionFiles
    let functions: FunctionCatalog
    let containers: ContainerRoots

    /// The base image of a runtime as it is now. Refuses a runtime whose image has not been built: its functions could not run.
    func runtime(_ name: String) async throws(LambdaError) -> RuntimeImage {
        let image = try await rethrowing(
            try await files.image(name), as: { (error: ImageError) in LambdaError.service("\(error)") })
        guard let image else { throw .runtimeNotBuilt(name) }
        return image
    }

    /// The base image a snapshot was taken on, which may be older than the runtime's present one.
    func runtime(of snapshot: SnapshotLease) throws(UnusableSnapshot) -> RuntimeImage {
        let digest = snapshot.manifest.snapshot.imageDigest
        let image = try rethrowing(
            try files.image(digest: digest), as: { (error: ImageError) in UnusableSnapshot(reason: "\(error)") })
        guard let image else { throw UnusableSnapshot(reason: "the base image \(digest) it was taken on is gone") }
        return image
    }

    /// The zip of `function` as a read-only image; nil for a container image, which has the code in its root.
    func code(of function: FunctionConfiguration) async throws(ImageError) -> FilePath? {
        if function.image != nil { return nil }
        guard let digest = function.code.hexadecimalDigest else { throw .invalidZip("its digest is not a SHA-256") }
        let zip = try await rethrowing(
            try functions.codePath(function.code),
            as: { (error: LambdaError) in ImageError.missing("the code \(digest)", remedy: error.message) })
        return try await files.codeImage(zip: zip, sha256: digest)
    }

    /// The layers of `function` as one read-only image; nil when it has none.
    func layers(of function: FunctionConfiguration) async throws(ImageError) -> FilePath? {
        guard let layers = function.layers, !layers.isEmpty else { return nil }
        guard let set = function.layerSet else { throw .invalidZip("a layer's digest is not a SHA-256") }
        var zips: [FilePath] = []
        for layer in layers {
            zips.append(
                try await rethrowing(
                    try functions.codePath(layer.code),
                    as: { (error: LambdaError) in ImageError.missing("the layer \(layer.arn)", remedy: error.message) })
            )
        }
        return try await files.layersImage(zips: zips, sha256: set)
    }

    /// An empty `/tmp` for `function`.
    func scratch(of function: FunctionConfiguration) async throws(ImageError) -> FilePath {
        try await files.scratchImage(megabytes: function.ephemeralStorage)
    }
}
