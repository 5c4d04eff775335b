import Glibc
import LinuxKit
import SystemPackage
import TestSupport
import Workshop

/// An image that a workshop makes, mounted for the length of a test where nobody else sees it.
enum Images {
    static func workshop(_ limits: Workshop.Limits = .init()) -> Workshop {
        Workshop(program: BuiltProgram.workshop, limits: limits)
    }

    /// - Parameter body: gets the image's root, and the image.
    static func withImage<R>(
        ofZip bytes: [UInt8], limits: ZipLimits = .lambda, _ body: (FilePath, FilePath) throws -> R
    ) async throws -> R {
        try await withScratchDirectory { scratch in
            let image = scratch.appending("image")
            try await Images.make(ofZip: bytes, limits: limits, at: image)
            return try Images.withMount(of: image) { try body($0, image) }
        }
    }

    static func make(ofZip bytes: [UInt8], limits: ZipLimits = .lambda, at image: FilePath) async throws {
        let zip = try OwnedDescriptor.memoryFile(named: "zip").shared()
        try zip.descriptor.writeAll(bytes)
        let output = try OwnedDescriptor.open(image, .readWrite, options: [.create]).shared()
        try await workshop().makeImage(ofZip: zip, limits: limits, in: output)
    }

    static func withMount<R>(of image: FilePath, _ body: (FilePath) throws -> R) throws -> R {
        let device = try LoopDevice(over: OwnedDescriptor.open(image, .readOnly))
        let mount = try DetachedMount.make("erofs", source: device.path, options: ["ro": nil])
        return try mount.descriptor.withRaw { try body(FilePath("/proc/self/fd/\($0)")) }
    }

    /// A file system in memory, filled by `fill`, which gets its path.
    static func tree(_ fill: (FilePath) throws -> Void) throws -> SharedDescriptor {
        let mount = try DetachedMount.make("tmpfs", options: ["mode": "1777", "size": "64m"])
        try mount.descriptor.withRaw { try fill(FilePath("/proc/self/fd/\($0)")) }
        return mount.descriptor
    }

    static func withImage<R>(
        ofTree tree: SharedDescriptor, limit: Int = 64 << 20, _ body: (FilePath, FilePath) throws -> R
    ) async throws -> R {
        try await withScratchDirectory { scratch in
            let image = scratch.appending("image")
            let output = try OwnedDescriptor.open(image, .readWrite, options: [.create]).shared()
            try await workshop().makeImage(
                ofTree: tree, owner: (user: 993, group: 990), reader: nil, in: output, limit: limit)
            return try Images.withMount(of: image) { try body($0, image) }
        }
    }

    static func bytes(_ path: FilePath) throws -> [UInt8] { try SmallFile.bytes(path, limit: 1 << 28) }

    static func text(_ path: FilePath) throws -> String { try SmallFile.text(path) }
}
