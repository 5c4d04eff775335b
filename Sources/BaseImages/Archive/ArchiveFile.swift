import Crypto
import Glibc
internal import LinuxKit
internal import SystemPackage

/// Reads an archive front to back, from a file or a pipe. Every byte is counted and compared with what the header says.
struct ArchiveReader: ~Copyable {
    private let path: FilePath
    private let file: OwnedDescriptor
    private let progress: ImageStore.Progress

    /// - Parameter path: nil for standard input.
    init(_ path: FilePath?, progress: @escaping ImageStore.Progress) throws(ImageError) {
        let name = path ?? "standard input"
        file = try attempt("open", name) { () throws(Errno) in
            guard let path else { return try StandardStream.input.duplicate() }
            return try OwnedDescriptor.open(path, .readOnly)
        }
        self.path = name
        self.progress = progress
    }

    func header() throws(ImageError) -> ImageArchive {
        let prefix = try bytes(ImageArchive.prefixLength)
        let length = try valid { () throws(ImageArchive.Invalid) in try ImageArchive.headerLength(prefix) }
        let (json, digest) = (try bytes(length), try bytes(ImageArchive.digestLength))
        return try valid { () throws(ImageArchive.Invalid) in try ImageArchive(header: json, digest: digest) }
    }

    private func valid<R>(_ check: () throws(ImageArchive.Invalid) -> R) throws(ImageError) -> R {
        do { return try check() } catch {
            throw .invalidArchive(path, reason: error.reason)
        }
    }

    /// Writes the next `record.size` bytes to the new file `target`; throws unless they are those that `record` says.
    func copy(_ record: FileRecord, to target: FilePath, named name: String) throws(ImageError) {
        let output = try attempt("write", target) { () throws(Errno) in try Files.create(target, mode: .image) }
        var hash = SHA256()
        var meter = Meter(name, of: record.size, progress)
        while meter.left > 0 {
            let piece = try piece(upTo: meter.left)
            hash.update(data: piece)
            try attempt("write", target) { () throws(Errno) in try output.writeAll(piece) }
            meter.advance(piece.count)
        }
        guard hash.finalize().hexadecimal == record.sha256 else {
            throw .invalidArchive(path, reason: "the content of \(name) is damaged")
        }
        try attempt("fsync", target) { () throws(Errno) in try output.sync() }
    }

    func end() throws(ImageError) {
        let rest = try attempt("read", path) { () throws(Errno) in try file.read(upTo: 1) }
        guard rest.isEmpty else { throw .invalidArchive(path, reason: "it goes on behind its end") }
    }

    private func bytes(_ count: Int) throws(ImageError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count { bytes += try piece(upTo: count - bytes.count) }
        return bytes
    }

    /// At least one byte.
    private func piece(upTo count: Int) throws(ImageError) -> [UInt8] {
        let piece = try attempt("read", path) { () throws(Errno) in try file.read(upTo: min(count, 1 << 20)) }
        guard !piece.isEmpty else { throw .invalidArchive(path, reason: "it is cut off") }
        return piece
    }
}

/// Writes an archive: to standard output, or to a file that appears under its name once it is complete and on disk.
struct ArchiveWriter: ~Copyable {
    private let path: FilePath
    /// Nil: standard output.
    private let temporary: FilePath?
    private let file: OwnedDescriptor
    private let progress: ImageStore.Progress

    /// - Parameter path: nil for standard output.
    init(_ path: FilePath?, progress: @escaping ImageStore.Progress) throws(ImageError) {
        let name = path ?? "standard output"
        let place = try path.flatMap { path throws(ImageError) in try Self.placeBeside(path) }
        file = try attempt("write", name) { () throws(Errno) in
            guard let place else { return try StandardStream.output.duplicate() }
            return try Files.create(place, mode: .image)
        }
        self.path = name
        self.progress = progress
        temporary = place
    }

    /// Where the file grows until it is whole.
    private static func placeBeside(_ path: FilePath) throws(ImageError) -> FilePath? {
        guard let name = path.lastComponent else { return nil }
        if let info = FileInfo(path), !info.isRegular {
            throw .inputOutput("replace what is no regular file,", path, .fileExists)
        }
        let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
        return path.removingLastComponent().appending(".\(name.string).\(suffix)")
    }

    func write(_ bytes: [UInt8]) throws(ImageError) {
        try attempt("write", path) { () throws(Errno) in try file.writeAll(bytes) }
    }

    /// Appends the content of `source`; throws unless it is what `record` says.
    func copy(_ source: FilePath, _ record: FileRecord, named name: String) throws(ImageError) {
        let input = try attempt("read", source) { () throws(Errno) in try OwnedDescriptor.open(source, .readOnly) }
        var hash = SHA256()
        var meter = Meter(name, of: record.size, progress)
        while meter.left > 0 {
            let piece = try attempt("read", source) { () throws(Errno) in try input.read(upTo: min(meter.left, 1 << 20))
            }
            guard !piece.isEmpty else { throw .damaged(source, reason: "it should have \(record.size) bytes") }
            hash.update(data: piece)
            try write(piece)
            meter.advance(piece.count)
        }
        guard hash.finalize().hexadecimal == record.sha256 else {
            throw .damaged(source, reason: "its SHA-256 is not \(record.sha256)")
        }
    }

    /// Gives the file its name.
    func finish() throws(ImageError) {
        guard let temporary else { return }
        try attempt("fsync", path) { () throws(Errno) in try file.sync() }
        try Files.rename(temporary, to: path)
        let directory = path.removingLastComponent()
        try Tree.synchronize(directory.isEmpty ? "." : directory)
    }

    /// Leaves nothing.
    func discard() {
        if let temporary { try? Files.remove(temporary) }
    }
}

/// Standard input and output, which belong to the process.
private enum StandardStream: CInt {
    case input = 0
    case output = 1

    func duplicate() throws(Errno) -> OwnedDescriptor {
        let raw = rawValue
        return try OwnedDescriptor { fcntl(raw, F_DUPFD_CLOEXEC, 0) }
    }
}

/// Tells about every 64 MiB of a large file.
private struct Meter {
    private static let step = 64 << 20

    private let name: String
    private let size: Int
    private let progress: ImageStore.Progress
    private(set) var left: Int

    init(_ name: String, of size: Int, _ progress: @escaping ImageStore.Progress) {
        self.name = name
        self.size = size
        self.progress = progress
        left = size
    }

    mutating func advance(_ count: Int) {
        let before = size - left
        left -= count
        guard before / Meter.step != (size - left) / Meter.step else { return }
        progress("\(name): \((size - left) >> 20) of \(size >> 20) MiB")
    }
}
