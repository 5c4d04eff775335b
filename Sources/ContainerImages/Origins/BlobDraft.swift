internal import Crypto
internal import LinuxKit
import Synchronization
internal import SystemPackage

/// A layer on its way here: a file without a name, gone with whoever holds it.
final class BlobDraft: Sendable {
    let blob: BlobDescriptor
    private let directory: FilePath
    private let state: Mutex<State>

    private struct State {
        var file: SharedDescriptor
        var hash = SHA256()
        var size: Int64 = 0
    }

    /// - Parameter directory: where it takes room.
    init(_ blob: BlobDescriptor, in directory: FilePath) throws(ContainerImageError) {
        self.blob = blob
        self.directory = directory
        state = Mutex(State(file: try Self.makeFile(in: directory)))
    }

    var file: SharedDescriptor { state.withLock(\.file) }
    /// Of what has come.
    var size: Int64 { state.withLock(\.size) }

    /// One more file where this one is, for what is made of it.
    func makeFile() throws(ContainerImageError) -> SharedDescriptor { try Self.makeFile(in: directory) }

    private static func makeFile(in directory: FilePath) throws(ContainerImageError) -> SharedDescriptor {
        let path = directory.appending(".layer.\(String(UInt64.random(in: .min ... .max), radix: 36))")
        return try onDisk("make a file") { () throws(Errno) in
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

    /// Takes a file that somebody else has written instead of its own, and reads it. Blocks.
    func replaceFile(with other: SharedDescriptor) throws(ContainerImageError) {
        state.withLock { $0 = State(file: other) }
        try readBack()
    }

    /// Has the bytes in the file been counted and read by somebody else: reads them. Blocks.
    func readBack() throws(ContainerImageError) {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = try read(into: &buffer, at: size)
            if count == 0 { return }
            state.withLock { state in
                buffer.withUnsafeBytes {
                    state.hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count]))
                }
                state.size += Int64(count)
            }
        }
    }

    private func read(into buffer: inout [UInt8], at offset: Int64) throws(ContainerImageError) -> Int {
        let file = file
        return try onDisk("read a layer") { () throws(Errno) in
            try buffer.withUnsafeMutableBytes { bytes -> Result<Int, Errno> in
                Result { () throws(Errno) in try file.descriptor.read(into: bytes, at: offset) }
            }.get()
        }
    }

    /// Whether it begins as gzip (RFC 1952) or zstd (RFC 8878) does. Blocks.
    func isCompressed() throws(ContainerImageError) -> Bool {
        var start: [UInt8] = [0, 0, 0, 0]
        guard try read(into: &start, at: 0) == start.count else { return false }
        let isSkipped = start[0] & 0xf0 == 0x50 && start[1...] == [0x2a, 0x4d, 0x18]
        return start[..<2] == [0x1f, 0x8b] || start == [0x28, 0xb5, 0x2f, 0xfd] || isSkipped
    }

    /// Whether it is what it shall be.
    func check() throws(ContainerImageError) {
        let size = size
        guard size == blob.size || blob.size < 0 else { throw .damaged(blob, "\(size) of \(blob.size) bytes came") }
        try check(blob.digest)
    }

    /// Whether its bytes, as they are now, have a digest.
    func check(_ digest: ImageDigest) throws(ContainerImageError) {
        let found = ImageDigest(state.withLock(\.hash).finalize())
        guard found == digest else { throw .damaged(digest, "its content is \(found)") }
    }
}

extension ContainerImageError {
    static func damaged(_ blob: BlobDescriptor, _ reason: String) -> Self { damaged(blob.digest, reason) }

    static func damaged(_ digest: ImageDigest, _ reason: String) -> Self {
        Self(.damaged, "A part of the image is damaged: \(digest) has another content.", cause: reason)
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
