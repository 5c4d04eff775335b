/// An empty qcow2 image (version 3): every read falls through to the backing node that QEMU is told of on its command
/// line, every write lands here. Source: QEMU, docs/interop/qcow2.txt.
///
/// Writing these 256 KiB ourselves spares a `qemu-img` process for every clone.
enum CopyOnWriteDisk {
    private static let clusterBits: UInt32 = 16
    private static let cluster = 1 << 16
    /// Clusters in use: header, refcount table, one refcount block, L1 table.
    private static let usedClusters = 4

    /// The bytes of an image of `size` bytes; `size` is a multiple of 512 and at most 512 GiB, what one L1 cluster maps.
    static func image(size: UInt64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: usedClusters * cluster)
        // Each L1 entry maps an L2 table of 8192 clusters: 512 MiB.
        let bytesPerL1Entry = UInt64(cluster) * UInt64(cluster / 8)
        let l1Entries = UInt32((size + bytesPerL1Entry - 1) / bytesPerL1Entry)
        var header = BigEndianWriter()
        header.put(0x5146_49fb as UInt32)  // "QFI\xfb"
        header.put(3 as UInt32)
        header.put(0 as UInt64)  // backing file offset: named on the command line instead
        header.put(0 as UInt32)  // backing file name length
        header.put(clusterBits)
        header.put(size)
        header.put(0 as UInt32)  // no encryption
        header.put(l1Entries)
        header.put(UInt64(3 * cluster))  // L1 table
        header.put(UInt64(cluster))  // refcount table
        header.put(1 as UInt32)  // refcount table clusters
        header.put(0 as UInt32)  // snapshots
        header.put(0 as UInt64)
        header.put(0 as UInt64)  // incompatible features
        header.put(0 as UInt64)  // compatible features
        header.put(0 as UInt64)  // autoclear features
        header.put(4 as UInt32)  // refcounts of 16 bits
        header.put(104 as UInt32)  // header length
        bytes.replaceSubrange(0..<header.bytes.count, with: header.bytes)

        var table = BigEndianWriter()
        table.put(UInt64(2 * cluster))
        bytes.replaceSubrange(cluster..<cluster + 8, with: table.bytes)

        var counts = BigEndianWriter()
        for _ in 0..<usedClusters { counts.put(1 as UInt16) }
        bytes.replaceSubrange(2 * cluster..<2 * cluster + counts.bytes.count, with: counts.bytes)
        return bytes
    }
}

private struct BigEndianWriter {
    var bytes: [UInt8] = []

    mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
