import Glibc

/// A file, directory or link of an image.
struct ImageNode {
    /// `st_mode`, owner and time as the image says them.
    struct Attributes: Equatable {
        var mode: UInt16
        var user: UInt32 = 0
        var group: UInt32 = 0
        /// Since 1970.
        var seconds: Int64 = 0
        var nanoseconds: UInt32 = 0
    }

    enum Content {
        /// What is in it, by name; ``ImageWriter`` sorts.
        case directory
        /// Whole blocks that follow one another, and what is left, which lies beside the inode.
        case data(firstBlock: UInt32, size: UInt64, tail: [UInt8])
        /// A file with holes: the first block of each chunk of `1 << bits` bytes, ``hole`` where there is none.
        case chunks(bits: Int, blocks: [UInt32], size: UInt64)
        /// A pipe or socket.
        case special
    }

    static let hole = UInt32.max

    var attributes: Attributes
    var content: Content
    /// Itself for the root.
    var parent: Int
    var links: UInt32
    var children: [(name: [UInt8], node: Int)] = []

    var isDirectory: Bool { mode_t(attributes.mode) & S_IFMT == S_IFDIR }

    /// EROFS_FT_…, as a directory says it.
    var fileType: UInt8 {
        switch mode_t(attributes.mode) & S_IFMT {
        case S_IFREG: 1
        case S_IFDIR: 2
        case S_IFIFO: 5
        case S_IFSOCK: 6
        case S_IFLNK: 7
        default: 0
        }
    }
}
