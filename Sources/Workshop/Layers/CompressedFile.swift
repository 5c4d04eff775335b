internal import LinuxKit
internal import SystemPackage

/// Decompresses a file whole, whatever is in it: what a layer was before is known by its digest.
enum CompressedFile {
    /// - Parameter file: compressed with gzip or zstd, or not.
    /// - Returns: the bytes of what was written.
    static func unpack(
        _ file: SharedDescriptor, to output: SharedDescriptor, limit: Int
    ) throws(WorkshopError) -> Int {
        let reader = try TarArchive(file, isRaw: true)
        guard try reader.next() != nil else { return 0 }
        var size = 0
        try reader.content { offset, bytes throws(WorkshopError) in
            guard bytes.count <= limit - offset else { throw .layersTooLarge(limitBytes: limit) }
            try attempt("write a file") { () throws(Errno) in try output.descriptor.write(bytes, at: Int64(offset)) }
            size = offset + bytes.count
        }
        return size
    }
}
