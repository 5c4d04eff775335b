internal import Crypto
internal import LinuxKit
import Synchronization
internal import SystemPackage

/// A layer on its way here: a file without a name, gone with whoever holds it.
final class BlobDraft: Sendable {
    let blob: BlobDescriptor
    let file: SharedDescriptor
    private let state = Mutex((hash: SHA256(), size: Int64(0)))

    /// - Parameter directory: where it takes room.
    init(_ blob: BlobDescriptor, in directory: FilePath) throws(ContainerImageError) {
        self.blob = blob
        let path = directory.appending(".layer.\(String(UInt64.random(in: .min ... .max), radix: 36))")
        file = try onDisk("make a file") { () throws(Errno) in
            let file = try OwnedDescriptor.open(path, .readWrite, options: [.create, .exclusiveCreate, .noFollow])
            try DurableFile.remove(path)
            return file.shared()
        }
    }

    /// The next bytes. Blocks.
    func append(_ bytes: [UInt8]) throws(ContainerImageError) {
        let offset = state.withLock { state in
            state.hash.update(data: bytes)
            defer { state.size += Int64(bytes.count) }
            return state.size
        }
        guard offset + Int64(bytes.count) <= blob.size else { throw .damaged(blob, "more bytes than it says") }
        try onDisk("write a layer") { () throws(Errno) in
            try bytes.withUnsafeBytes { buffer -> Result<Void, Errno> in
                Result { () throws(Errno) in try file.descriptor.write(buffer, at: offset) }
            }.get()
        }
    }

    /// Has the bytes in the file been counted and read by somebody else: reads them. Blocks.
    func readBack() throws(ContainerImageError) {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let offset = state.withLock(\.size)
            let count = try onDisk("read a layer") { () throws(Errno) in
                try buffer.withUnsafeMutableBytes { bytes -> Result<Int, Errno> in
                    Result { () throws(Errno) in try file.descriptor.read(into: bytes, at: offset) }
                }.get()
            }
            if count == 0 { return }
            state.withLock { state in
                buffer.withUnsafeBytes {
                    state.hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count]))
                }
                state.size += Int64(count)
            }
        }
    }

    /// Whether it is what it shall be.
    func check() throws(ContainerImageError) {
        let (hash, size) = state.withLock { ($0.hash, $0.size) }
        guard size == blob.size || blob.size < 0 else { throw .damaged(blob, "\(size) of \(blob.size) bytes came") }
        let found = ImageDigest(hash.finalize())
        guard found == blob.digest else { throw .damaged(blob, "its content is \(found)") }
    }
}

extension ContainerImageError {
    static func damaged(_ blob: BlobDescriptor, _ reason: String) -> Self {
        Self(.damaged, "A part of the image is damaged: \(blob.digest) has another content.", cause: reason)
    }
}

/// Gives a failed system call the name of what was being done; the client hears only that this server could not.
@discardableResult
func onDisk<R: ~Copyable>(_ action: String, _ body: () throws(Errno) -> R) throws(ContainerImageError) -> R {
    do { return try body() } catch { throw .disk(action, error) }
}

extension ContainerImageError {
    static func disk(_ action: String, _ error: Errno) -> Self {
        Self(
            .disk,
            error == .noSpace
                ? "This server has not enough space for the image." : "This server could not store the image.",
            cause: "cannot \(action): \(error)")
    }
}
