/// What the layers of an image may unpack to.
package struct LayerLimits: Sendable, Equatable {
    /// Of all files of all layers, holes included.
    package var unpackedBytes: Int
    /// Files, directories and links of all layers, those included that a later layer replaces.
    package var nodes: Int

    package init(unpackedBytes: Int, nodes: Int) {
        self.unpackedBytes = unpackedBytes
        self.nodes = nodes
    }

    /// AWS's 10 GB. It documents no number of files.
    package static let lambda = LayerLimits(unpackedBytes: 10 << 30, nodes: 1_000_000)

    /// What the image can come to: every node has at most one block that is not full, an inode and a name.
    package var imageBytes: Int { unpackedBytes + nodes * (4096 + 512) }
}

/// What has to be in the root file system of a sandbox, because something is mounted there.
package struct MountPoint: Sendable, Hashable {
    package enum Kind: String, Sendable { case directory, file }

    package var kind: Kind
    /// Absolute.
    package var path: String

    package init(_ kind: Kind, _ path: String) {
        self.kind = kind
        self.path = path
    }
}
