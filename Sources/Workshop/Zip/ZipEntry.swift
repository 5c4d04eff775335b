/// One entry as the archive's central directory declares it. Hostile until ``ZipPlan`` has accepted it.
package struct ZipEntry: Sendable, Equatable {
    var index: UInt64
    var name: String
    /// Bytes after unpacking, as declared.
    var size: UInt64
    var isEncrypted: Bool
    /// `st_mode` of the packed file; nil for archives made where there is no such thing.
    var unixMode: UInt32?

    package init(index: UInt64, name: String, size: UInt64 = 0, isEncrypted: Bool = false, unixMode: UInt32? = nil) {
        self.index = index
        self.name = name
        self.size = size
        self.isEncrypted = isEncrypted
        self.unixMode = unixMode
    }
}

/// What an archive may unpack to.
package struct ZipLimits: Sendable, Equatable {
    var unzippedBytes: Int
    /// Files, directories and links together. AWS documents no such bound; without one an archive of a few
    /// megabytes makes millions of inodes.
    package var nodes: Int

    package init(unzippedBytes: Int, nodes: Int) {
        self.unzippedBytes = unzippedBytes
        self.nodes = nodes
    }

    /// AWS's: 250 MiB unzipped.
    package static let lambda = ZipLimits(unzippedBytes: 262_144_000, nodes: 100_000)
}
