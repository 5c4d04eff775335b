import CLibzip
import Foundation
import LinuxKit
import SystemPackage

/// The zip of a function's code.
package enum CodeArchive {
    /// Not worth sending: what tools leave beside the code.
    private static let passedOver: Set<String> = [".git", "__pycache__", ".DS_Store"]
    /// 1980-01-01, which is as far back as a zip's times go: the same files are the same zip.
    private static let time = 315_532_800

    /// A zip as it is, or the files of a directory.
    ///
    /// - Parameter place: names a file or a directory.
    package static func read(_ place: FilePath) throws -> [UInt8] {
        if FileStatus.isDirectory(place) { return try zip(directory: place) }
        guard FileStatus.exists(place) else { throw CodeError.notThere(place) }
        return Array(try Data(contentsOf: URL(filePath: place.string)))
    }

    private static func zip(directory: FilePath) throws -> [UInt8] {
        let files = try files(below: directory)
        guard !files.isEmpty else { throw CodeError.empty(directory) }
        let scratch = FileManager.default.temporaryDirectory.appending(path: "thaw.\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: scratch, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: scratch) }
        let path = scratch.appending(path: "code.zip")
        try write(files, below: directory, to: path.path)
        return Array(try Data(contentsOf: path))
    }

    /// Relative paths, in order.
    private static func files(below directory: FilePath, _ prefix: String = "") throws -> [String] {
        var files: [String] = []
        for name in try Directory.entries(directory).sorted() where !passedOver.contains(name) {
            let path = directory.appending(name)
            if FileStatus.isDirectory(path) {
                files += try Self.files(below: path, "\(prefix)\(name)/")
            } else {
                files.append(prefix + name)
            }
        }
        return files
    }

    private static func write(_ files: [String], below directory: FilePath, to path: String) throws {
        if let failure = clibzip_load() { throw CodeError.zip("libzip: \(String(cString: failure))") }
        var code: CInt = 0
        guard let archive = zip_open(path, CInt(ZIP_CREATE | ZIP_EXCL), &code) else {
            throw CodeError.zip("\(path): error \(code) of libzip")
        }
        do {
            for file in files { try add(file, from: directory.pushing(FilePath(file)), to: archive) }
        } catch {
            zip_discard(archive)
            throw error
        }
        guard zip_close(archive) == 0 else {
            let reason = String(cString: zip_error_strerror(zip_get_error(archive)))
            zip_discard(archive)
            throw CodeError.zip(reason)
        }
    }

    private static func add(_ name: String, from path: FilePath, to archive: OpaquePointer) throws {
        let mode = UInt32(
            try FileManager.default.attributesOfItem(atPath: path.string)[.posixPermissions] as? Int ?? 0o644)
        guard let source = zip_source_file(archive, path.string, 0, -1) else { throw CodeError.unreadable(path) }
        let index = zip_file_add(archive, name, source, zip_flags_t(ZIP_FL_ENC_UTF_8))
        guard index >= 0 else {
            zip_source_free(source)
            throw CodeError.unreadable(path)
        }
        zip_file_set_mtime(archive, UInt64(index), time, 0)
        // A regular file, in the upper half as Unix has it.
        zip_file_set_external_attributes(
            archive, UInt64(index), 0, zip_uint8_t(ZIP_OPSYS_UNIX), (0o100000 | mode & 0o777) << 16)
    }
}

/// Why there is no code to send.
enum CodeError: Error, CustomStringConvertible {
    case notThere(FilePath)
    case empty(FilePath)
    case unreadable(FilePath)
    case zip(String)

    var description: String {
        switch self {
        case .notThere(let path): "there is no \(path). Name a directory with the function's code, or a zip of it."
        case .empty(let path): "\(path) has no files. Name the directory that has the function's code."
        case .unreadable(let path): "cannot read \(path)"
        case .zip(let reason): "cannot make a zip of the code: \(reason)"
        }
    }
}
