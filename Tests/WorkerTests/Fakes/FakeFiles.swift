import BaseImages
import Sandboxes
import Synchronization
import SystemPackage
import Worker

/// Images that are names only.
final class FakeFiles: FunctionFiles {
    struct Script: Sendable {
        var isBuilt = true
        var digest = "digest-1"
        /// Digests of images that are no longer there.
        var gone: Set<String> = []
        var codeError: ImageError?
        var zipError: ImageError?
        var removedLayers: Set<String> = []
        /// What every archive says it unpacks to.
        var unzippedSize = 100
        var beforeCodeImage: @Sendable () async -> Void = {}
    }

    private let script = Mutex(Script())
    let runtimes = ["python3.11", "java17"]

    var removedLayers: Set<String> { script.withLock { $0.removedLayers } }

    func change(_ body: (inout Script) -> Void) { script.withLock { body(&$0) } }

    func image(_ runtime: String) async throws(ImageError) -> RuntimeImage? {
        let script = script.withLock { $0 }
        guard script.isBuilt else { return nil }
        return image(script.digest, runtime)
    }

    func image(digest: String) throws(ImageError) -> RuntimeImage? {
        script.withLock { $0.gone.contains(digest) } ? nil : image(digest, "python3.11")
    }

    private func image(_ digest: String, _ runtime: String) -> RuntimeImage {
        RuntimeImage(
            image: SandboxImage(kernel: "/kernel", initramfs: "/initramfs", root: "/root.erofs", digest: digest),
            version: RuntimeVersion(name: "python:3.11.v1", arn: "arn:aws:lambda:us-east-1::runtime:\(digest)"),
            environment: ["LANG": "C.UTF-8"], arguments: { handler, _, _ in ["/var/runtime/bootstrap", handler] })
    }

    func validate(zip: FilePath) async throws(ImageError) -> Int {
        let script = script.withLock { $0 }
        if let error = script.zipError { throw error }
        return script.unzippedSize
    }

    func codeImage(zip: FilePath, sha256: String) async throws(ImageError) -> FilePath {
        await script.withLock { $0.beforeCodeImage }()
        if let error = script.withLock({ $0.codeError }) { throw error }
        return FilePath("/code/\(sha256).erofs")
    }

    func removeCodeImage(sha256: String) throws(ImageError) {}

    func layersImage(zips: [FilePath], sha256: String) async throws(ImageError) -> FilePath {
        FilePath("/layers/\(sha256)-\(zips.count).erofs")
    }

    func removeLayersImage(sha256: String) throws(ImageError) {
        script.withLock { _ = $0.removedLayers.insert(sha256) }
    }

    func scratchImage(megabytes: Int) async throws(ImageError) -> FilePath { FilePath("/scratch-\(megabytes).ext4") }
}
