internal import CLibarchive
import Glibc
internal import LinuxKit
internal import SystemPackage

/// A tar archive, plain or compressed with gzip or zstd, read with libarchive from one end to the other. Everything in it is
/// hostile.
struct TarArchive: ~Copyable {
    struct Member {
        enum Kind: Equatable {
            case file, directory, pipe
            case symbolicLink(target: [UInt8])
            case hardLink(target: [UInt8])
            /// Devices, and what else there may be.
            case other
        }

        var name: [UInt8]
        var kind: Kind
        var permissions: UInt16
        var user: UInt32
        var group: UInt32
        var size: Int
        var seconds: Int64
        var nanoseconds: UInt32
    }

    private let archive: OpaquePointer
    /// The archive reads from its number.
    private let file: SharedDescriptor

    /// - Parameters:
    ///   - file: its offset moves.
    ///   - isRaw: it is no tar: one member is all that it decompresses to, and none where that is nothing.
    init(_ file: SharedDescriptor, isRaw: Bool = false) throws(WorkshopError) {
        if let failure = clibarchive_load() {
            throw .missing("libarchive (\(String(cString: failure)))", remedy: "run `apt-get install libarchive13`")
        }
        var isOpen: CInt = 0
        guard let archive = file.withRaw({ clibarchive_open($0, isRaw ? 1 : 0, &isOpen) }) else {
            throw .systemCall("read an archive", .noMemory)
        }
        guard isOpen != 0 else {
            defer { clibarchive_close(archive) }
            throw Self.failure(of: archive)
        }
        self.archive = archive
        self.file = file
    }

    deinit { clibarchive_close(archive) }

    /// The next member; nil at the end. Content that was not read is left out.
    func next() throws(WorkshopError) -> Member? {
        var member = clibarchive_member()
        switch clibarchive_next(archive, &member) {
        case 0: return nil
        case 1: return try Member(member)
        default: throw failure()
        }
    }

    /// Reads the content of the member that was read last. Between two pieces, and after the last one, are zeros.
    func content(_ take: (Int, UnsafeRawBufferPointer) throws(WorkshopError) -> Void) throws(WorkshopError) {
        var (bytes, count, offset) = (UnsafeRawPointer?.none, 0, Int64(0))
        var end = 0
        while true {
            switch clibarchive_read(archive, &bytes, &count, &offset) {
            case 0: return
            case 1: break
            default: throw failure()
            }
            guard count > 0 else { continue }
            guard let start = Int(exactly: offset), start >= end, count <= Int.max - start else {
                throw .invalidLayer("the parts of a file overlap")
            }
            end = start + count
            try take(start, UnsafeRawBufferPointer(start: bytes, count: count))
        }
    }

    private func failure() -> WorkshopError { Self.failure(of: archive) }

    private static func failure(of archive: OpaquePointer) -> WorkshopError {
        .invalidLayer(String(cString: clibarchive_failure(archive)))
    }
}

extension TarArchive.Member {
    fileprivate init(_ member: clibarchive_member) throws(WorkshopError) {
        name = Self.bytes(member.name)
        permissions = UInt16(truncatingIfNeeded: member.mode & 0o7777)
        user = UInt32(clamping: member.user)
        group = UInt32(clamping: member.group)
        seconds = member.seconds
        nanoseconds = (0..<1_000_000_000).contains(member.nanoseconds) ? UInt32(member.nanoseconds) : 0
        size = 0
        guard member.hard_link == nil else {
            kind = .hardLink(target: Self.bytes(member.hard_link))
            return
        }
        switch mode_t(member.kind) & S_IFMT {
        case S_IFREG:
            kind = .file
            guard member.size >= 0 else { throw .invalidLayer("a file has less than no bytes") }
            size = Int(member.size)
        case S_IFDIR: kind = .directory
        case S_IFLNK: kind = .symbolicLink(target: Self.bytes(member.symbolic_link))
        case S_IFIFO: kind = .pipe
        default: kind = .other
        }
    }

    private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
        guard let text else { return [] }
        return Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }
}
