import GuestProtocol
import LinuxKit
import Sandboxes
import SystemPackage
import Workshop

/// Makes the image of what a function has in /tmp. Those of code are made by `ImageStore` of BaseImages.
struct ScratchImageMaker: Sendable {
    /// Beside the files' own bytes: inodes, names, blocks that are not full, the numbers of chunks.
    private static let margin = 64 << 20

    let workshop: Workshop

    /// - Parameters:
    ///   - file: empty; becomes the image.
    ///   - scratchBytes: what the files may take in all.
    ///   - reader: a process of the files' owner; nil: everybody may read them.
    func make(
        of tree: DetachedMount, in file: SharedDescriptor, scratchBytes: UInt64, reader: ChildProcess? = nil
    ) async throws(SandboxError) {
        let identity: Jail.Reader? = try reader.map { process throws(SandboxError) in
            Jail.Reader(
                namespace: try hostCall("reach a sandbox") { try process.pidfd }, user: RuntimeUser.user,
                group: RuntimeUser.group)
        }
        let bytes = Int(clamping: scratchBytes)
        do {
            try await workshop.makeImage(
                ofTree: tree.descriptor, owner: (RuntimeUser.user, RuntimeUser.group), reader: identity, in: file,
                limit: bytes + bytes / 8 + Self.margin)
        } catch {
            switch error {
            case .unsupportedFile, .imageTooLarge, .tooSlow:
                throw .freezeRefused("what the function has in /tmp cannot be kept: \(error)", cause: error)
            default: throw .host("what a function has in /tmp cannot be kept: \(error)", cause: error)
            }
        }
    }
}
