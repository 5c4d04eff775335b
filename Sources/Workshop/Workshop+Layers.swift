internal import Basics
package import LinuxKit
internal import SystemPackage

/// How far the making of a root file system is.
package enum LayerProgress: Sendable, Equatable {
    /// Counted from 0.
    case reading(layer: Int)
    case packing
}

/// Container images.
extension Workshop {
    /// Makes the root file system of a container image.
    ///
    /// - Parameters:
    ///   - layers: the lowest first; tar archives, plain or compressed with gzip or zstd. Files of their own: their offsets move.
    ///   - mountPoints: made where they are missing.
    /// - Returns: the bytes of the image.
    package func makeImage(
        ofRoot layers: [SharedDescriptor], mountPoints: [MountPoint], limits: LayerLimits = .lambda,
        in image: SharedDescriptor, progress: @escaping @Sendable (LayerProgress) -> Void
    ) async throws(WorkshopError) -> Int {
        let most = WorkshopProgram.mostLayers
        guard layers.count <= most else {
            throw .invalidLayer("there are \(layers.count) of them, at most \(most) may be")
        }
        let ends = try attempt("make a pipe") { () throws(Errno) in
            try OwnedDescriptor.pipe().take { [$0.shared(), $1.shared()] }
        }
        let (reading, writing) = (ends[0], ends[1])
        var arguments = [
            "root", "\(layers.count)", "\(limits.unpackedBytes)", "\(limits.nodes)", "\(limits.imageBytes)",
        ]
        for point in mountPoints { arguments += [point.kind.rawValue, point.path] }
        var descriptors = [WorkshopProgram.input: writing, WorkshopProgram.image: image]
        for (index, layer) in layers.enumerated() { descriptors[WorkshopProgram.descriptor(ofLayer: index)] = layer }
        async let told: Void = Self.tell(progress, from: reading)
        let outcome: Result<Int, WorkshopError>
        do throws(WorkshopError) {
            outcome = .success(try await run(arguments, descriptors, fileLimit: UInt64(limits.imageBytes)))
        } catch {
            outcome = .failure(error)
        }
        // A pipe with room for it: the program has ended, and what it wrote is read.
        try? writing.descriptor.writeAll([Self.end])
        await told
        return try outcome.get()
    }

    private static let end: UInt8 = 254

    private static func tell(
        _ progress: @escaping @Sendable (LayerProgress) -> Void, from pipe: SharedDescriptor
    ) async {
        await BlockingThread.run { () throws(Never) in
            while let byte = try? pipe.descriptor.read(upTo: 1).first, byte != end {
                progress(byte == WorkshopProgram.packing ? .packing : .reading(layer: Int(byte)))
            }
        }
    }

    /// Takes files out of a tar archive, plain or compressed with gzip or zstd.
    ///
    /// - Parameters:
    ///   - archive: a file of its own, because its offset moves.
    ///   - files: where the content of each goes; empty files that can be written.
    ///   - limit: bytes of all together.
    /// - Returns: the bytes of all.
    @discardableResult
    package func takeOut(
        _ names: [String], of archive: SharedDescriptor, to files: [SharedDescriptor], limit: Int
    ) async throws(WorkshopError) -> Int {
        let most = WorkshopProgram.mostLayers
        guard names.count <= most, names.count == files.count, names.allSatisfy({ !$0.utf8.contains(0) }) else {
            throw .invalidLayer("there are \(names.count) of them, at most \(most) may be")
        }
        var descriptors = [WorkshopProgram.input: archive]
        for (index, file) in files.enumerated() { descriptors[WorkshopProgram.descriptor(ofLayer: index)] = file }
        return try await run(["members", "\(names.count)", "\(limit)"] + names, descriptors, fileLimit: UInt64(limit))
    }

    /// Decompresses a file whole, in gzip or zstd; what is in neither is copied.
    ///
    /// - Parameters:
    ///   - file: one of its own, because its offset moves.
    ///   - output: an empty file that can be written.
    ///   - limit: bytes of the output.
    /// - Returns: the bytes of the output.
    @discardableResult
    package func decompress(
        _ file: SharedDescriptor, to output: SharedDescriptor, limit: Int
    ) async throws(WorkshopError) -> Int {
        try await run(
            ["plain", "\(limit)"], [WorkshopProgram.input: file, WorkshopProgram.image: output],
            fileLimit: UInt64(limit))
    }
}
