internal import SystemPackage

/// Writes the "newc" cpio format that the kernel unpacks as its initramfs
/// (Documentation/driver-api/early-userspace/buffer-format.rst).
///
/// Everything is owned by root and has no time, so the same members give the same bytes.
package struct CPIOArchive {
    private(set) var bytes: [UInt8] = []
    private var inode: UInt32 = 0

    package init() {}

    private static let magic = Array("070701".utf8)
    private static let trailer = "TRAILER!!!"

    package mutating func addDirectory(_ name: String) {
        add(name, mode: 0o040755, links: 2)
    }

    package mutating func addFile(_ name: String, executable: Bool = false, content: [UInt8]) {
        add(name, mode: executable ? 0o100755 : 0o100644, content: content)
    }

    /// A character device; the kernel opens `dev/console` for the first process before anything is mounted.
    package mutating func addCharacterDevice(_ name: String, major: UInt32, minor: UInt32) {
        add(name, mode: 0o020600, device: (major, minor))
    }

    /// The whole archive, with its trailer.
    package consuming func finish() -> [UInt8] {
        inode = 0
        append(name: CPIOArchive.trailer, inode: 0, mode: 0, links: 1, device: (0, 0), content: [])
        return bytes
    }

    private mutating func add(
        _ name: String, mode: UInt32, links: UInt32 = 1, device: (UInt32, UInt32) = (0, 0), content: [UInt8] = []
    ) {
        inode += 1
        append(name: name, inode: inode, mode: mode, links: links, device: device, content: content)
    }

    private mutating func append(
        name: String, inode: UInt32, mode: UInt32, links: UInt32, device: (UInt32, UInt32), content: [UInt8]
    ) {
        bytes += CPIOArchive.magic
        let fields: [UInt32] = [
            inode, mode,
            0, 0,  // uid, gid
            links,
            0,  // mtime
            UInt32(content.count),
            0, 0,  // major and minor of the device it is on
            device.0, device.1,
            UInt32(name.utf8.count + 1),
            0,  // checksum, unused in this variant
        ]
        for field in fields { bytes += CPIOArchive.hexadecimal(field) }
        bytes += Array(name.utf8) + [0]
        pad()
        bytes += content
        pad()
    }

    /// Header with name, and content, each end on a multiple of four.
    private mutating func pad() {
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    /// Eight digits.
    private static func hexadecimal(_ value: UInt32) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return stride(from: 28, through: 0, by: -4).map { digits[Int(value >> UInt32($0)) & 15] }
    }
}
