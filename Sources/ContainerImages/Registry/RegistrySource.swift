internal import AsyncHTTPClient
internal import Basics
internal import LinuxKit
internal import NIOCore
internal import NIOHTTP1

/// An image in a registry: the distribution specification, pull.
struct RegistrySource: ImageSource {
    let session: RegistrySession
    let limit: Int
    /// Of all layers together.
    let patience: Duration

    /// Layers that are on their way at a time.
    private static let together = 3
    /// Bytes that are written at a time.
    private static let piece = 1 << 19

    func image() async throws(ContainerImageError) -> SourceImage {
        let (session, tag) = (session, session.reference.tag ?? "latest")
        return try await ManifestWalk(
            reference: session.reference, limit: limit,
            document: { digest throws(ContainerImageError) in
                try await session.get(
                    "manifests/\(digest?.description ?? tag)",
                    accept: ManifestDocument.images + ManifestDocument.indexes
                ) { response in
                    let type = response.headers.first(name: "content-type").map { field in
                        String(field.prefix { $0 != ";" && $0 != " " })
                    }
                    return (try await RegistrySession.bytes(of: response, limit: ManifestDocument.largest), type)
                }
            },
            small: { blob throws(ContainerImageError) in
                try await session.get("blobs/\(blob.digest)") { response in
                    try await RegistrySession.bytes(of: response, limit: ConfigurationDocument.largest)
                }
            }
        ).image()
    }

    func fetch(
        _ drafts: [BlobDraft], of image: SourceImage, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws(ContainerImageError) {
        let deadline = Deadline(in: patience)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (layer, draft) in drafts.enumerated() {
                    if layer >= Self.together { try await group.next() }
                    group.addTask { try await fetch(draft, deadline) { progress(layer, $0) } }
                }
                try await group.waitForAll()
            }
        } catch let error as ContainerImageError {
            throw error
        } catch {
            throw .cancelled
        }
    }

    private func fetch(
        _ draft: BlobDraft, _ deadline: Deadline, _ progress: @escaping @Sendable (Int) -> Void
    ) async throws(ContainerImageError) {
        try await session.get("blobs/\(draft.blob.digest)") { response in
            var pending: [UInt8] = []
            for try await part in response.body {
                pending.append(contentsOf: part.readableBytesView)
                if deadline.hasPassed { throw slow }
                if pending.count < Self.piece { continue }
                try await write(pending, draft)
                progress(pending.count)
                pending.removeAll(keepingCapacity: true)
            }
            try await write(pending, draft)
            progress(pending.count)
        }
        try draft.check()
    }

    private func write(_ bytes: [UInt8], _ draft: BlobDraft) async throws(ContainerImageError) {
        try await BlockingThread.run { () throws(ContainerImageError) in try draft.append(bytes) }
    }

    private var slow: ContainerImageError {
        ContainerImageError(
            .unreachable, "The registry \(session.host) is too slow.",
            cause: "the layers took over \(Int(patience.components.seconds)) s")
    }
}
