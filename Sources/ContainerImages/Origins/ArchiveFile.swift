internal import LinuxKit
internal import SystemPackage
internal import Workshop

/// A tar on disk that a client names. It is read in a jail.
struct ArchiveFile: Sendable {
    let reference: ImageReference
    let path: FilePath
    /// Bytes that an image may have.
    let limit: Int
    let workshop: Workshop

    /// Of the whole tar, which may have no more than an image.
    func size() throws(ContainerImageError) -> Int64 {
        let file = try HostFile.open(path, for: reference)
        let size = try onDisk("look at a file") { () throws(Errno) in try FileStatus.of(file).size }
        guard size <= Int64(limit) else { throw .tooLarge(limit: limit) }
        return size
    }

    /// A small file of it; nil if there is none of that name.
    func small(_ name: String, limit: Int) async throws(ContainerImageError) -> [UInt8]? {
        let file = try onDisk("make a file in memory") { () throws(Errno) in
            try OwnedDescriptor.memoryFile(named: "thaw-image").shared()
        }
        guard try await takeOut([name], to: [file], limit: limit) == nil else { return nil }
        return try onDisk("read a file in memory") { () throws(Errno) in try file.descriptor.readAll(limit: limit) }
    }

    /// Takes files out, as they are.
    /// - Returns: one that is missing.
    func takeOut(
        _ names: [String], to files: [SharedDescriptor], limit: Int
    ) async throws(ContainerImageError) -> String? {
        let archive = try HostFile.open(path, for: reference).shared()
        do throws(WorkshopError) {
            try await workshop.takeOut(names, of: archive, to: files, limit: limit)
            return nil
        } catch .notInArchive(let name) {
            return String(name.prefix(200))
        } catch {
            throw ContainerImageError(error, limit: self.limit)
        }
    }

    func decompress(
        _ file: SharedDescriptor, to output: SharedDescriptor, limit: Int
    ) async throws(ContainerImageError) {
        do throws(WorkshopError) { try await workshop.decompress(file, to: output, limit: limit) } catch {
            throw ContainerImageError(error, limit: self.limit)
        }
    }
}
