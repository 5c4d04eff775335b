internal import Basics
internal import Crypto
internal import Glibc
internal import LinuxKit
internal import SystemPackage

/// SHA-256 of a file at the cost of its data: holes are not read, blocks of zeros are not hashed.
///
/// A 512 MB memory file with 100 MB in use costs 100 MB. The digest depends on the content alone, not on where the file
/// system keeps holes, so a copied snapshot keeps its digests:
/// - segment digest: SHA-256 over each 4 KiB block of a 32 MiB segment that is not all zero: u64 offset, then the block;
/// - file digest: SHA-256 over the u64 size and the digests of all segments, in order. Integers are little endian.
package enum SparseDigest {
    /// Beyond any sandbox's memory; bounds the work that a damaged or hostile manifest can ask for.
    package static let maximumSize: Int64 = 1 << 40
    static let segmentLength: Int64 = 32 << 20
    private static let blockLength = 4096
    private static let readLength = 1 << 20

    /// An open file and where it holds data.
    struct File: Sendable {
        let descriptor: SharedDescriptor
        let size: Int64
        fileprivate let extents: [Range<Int64>]

        /// - Parameter size: what fstat(2) says, at most ``maximumSize``.
        init(_ descriptor: SharedDescriptor, size: Int64) throws(Errno) {
            extents = try descriptor.descriptor.dataExtents()
            self.descriptor = descriptor
            self.size = size
        }

        fileprivate var segmentCount: Int { Int((size + segmentLength - 1) / segmentLength) }
    }

    /// The digests of `files`, in their order; reads on as many threads as there are processors.
    static func hexDigests(of files: [File]) async -> [Result<String, Errno>] {
        var pending = files.enumerated().flatMap { index, file in (0..<file.segmentCount).map { (index, $0) } }[...]
        var digests = files.map { [Result<SHA256.Digest, Errno>?](repeating: nil, count: $0.segmentCount) }
        await withTaskGroup(of: (Int, Int, Result<SHA256.Digest, Errno>).self) { group in
            func startNext() {
                guard let (index, segment) = pending.popFirst() else { return }
                let file = files[index]
                group.addTask {
                    do throws(Errno) {
                        return (
                            index, segment,
                            .success(
                                try await BlockingThread.run { () throws(Errno) in
                                    try digest(of: file, segment: segment)
                                })
                        )
                    } catch {
                        return (index, segment, .failure(error))
                    }
                }
            }
            for _ in 0..<max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))) { startNext() }
            for await (index, segment, digest) in group {
                digests[index][segment] = digest
                startNext()
            }
        }
        return zip(files, digests).map { file, segments in
            Result { () throws(Errno) in
                var hash = SHA256()
                hash.update(integer: file.size)
                for digest in segments.compactMap(\.self) {
                    try digest.get().withUnsafeBytes { hash.update(bufferPointer: $0) }
                }
                return Hexadecimal.text(hash.finalize())
            }
        }
    }

    private static func digest(of file: File, segment: Int) throws(Errno) -> SHA256.Digest {
        let segment = Int64(segment) * segmentLength..<min(file.size, Int64(segment + 1) * segmentLength)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: readLength, alignment: blockLength)
        defer { buffer.deallocate() }
        var hash = SHA256()
        var done = segment.lowerBound
        for extent in file.extents where extent.overlaps(segment) {
            // Whole blocks, whatever the file system's own unit is; a block that two extents share is read once.
            var offset = max(done, extent.lowerBound / Int64(blockLength) * Int64(blockLength))
            while offset < min(extent.upperBound, segment.upperBound) {
                let length = min(
                    readLength, Int(min(extent.upperBound.roundedUp(to: blockLength), segment.upperBound) - offset))
                let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<length])
                guard try file.descriptor.descriptor.read(into: piece, at: offset) == length else {
                    throw .ioError  // the file shrank meanwhile
                }
                hash.update(blocksOf: UnsafeRawBufferPointer(piece), at: offset, blockLength: blockLength)
                offset += Int64(length)
            }
            done = max(done, offset)
        }
        return hash.finalize()
    }
}

extension Int64 {
    fileprivate func roundedUp(to unit: Int) -> Int64 { (self + Int64(unit) - 1) / Int64(unit) * Int64(unit) }
}

extension SHA256 {
    fileprivate mutating func update(integer: Int64) {
        withUnsafeBytes(of: integer.littleEndian) { update(bufferPointer: $0) }
    }

    fileprivate mutating func update(blocksOf bytes: UnsafeRawBufferPointer, at offset: Int64, blockLength: Int) {
        for start in stride(from: 0, to: bytes.count, by: blockLength) {
            let block = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + blockLength, bytes.count)])
            if block.isAllZero { continue }
            update(integer: offset + Int64(start))
            update(bufferPointer: block)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Every byte equals its neighbour and the first is zero: memcmp(3) is the fastest loop at hand.
    fileprivate var isAllZero: Bool {
        guard let baseAddress, self[0] == 0 else { return isEmpty }
        return memcmp(baseAddress, baseAddress + 1, count - 1) == 0
    }
}
