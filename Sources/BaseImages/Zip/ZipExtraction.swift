internal import LinuxKit
package import SystemPackage

/// Unpacks an archive into a directory that is ours alone and empty.
package enum ZipExtraction {
    /// Directories get 0755, files 0644 or 0755; owners and times are whatever they become.
    package static func unpack(_ zip: FilePath, into root: FilePath, limits: ZipLimits) throws(ImageError) {
        let archive = try ZipArchive(path: zip)
        let plan = try archive.plan(limits: limits)
        for directory in plan.directories {
            try attempt("make directory", root.pushing(directory)) { () throws(Errno) in
                try Directory.create(root.pushing(directory))
            }
        }
        for file in plan.files {
            try write(file, of: archive, to: root.pushing(file.path))
        }
        // Last, so that nothing above was written through one.
        for link in plan.links {
            try Files.symbolicLink(root.pushing(link.path), to: try target(of: link, in: archive))
        }
    }

    private static func write(
        _ file: ZipPlan.File, of archive: borrowing ZipArchive, to path: FilePath
    ) throws(ImageError) {
        let mode: FilePermissions = file.isExecutable ? .imageExecutable : .image
        let output = try attempt("write", path) { () throws(Errno) in try Files.create(path, mode: mode) }
        try archive.read(file.index, limit: file.size) { bytes throws(ImageError) in
            try attempt("write", path) { () throws(Errno) in try output.writeAll(bytes) }
        }
    }

    private static func target(of link: ZipPlan.Link, in archive: borrowing ZipArchive) throws(ImageError) -> String {
        var bytes: [UInt8] = []
        try archive.read(link.index, limit: link.size) { piece throws(ImageError) in bytes += piece }
        guard !bytes.isEmpty, !bytes.contains(0), let target = String(validating: bytes, as: UTF8.self) else {
            throw .invalidZip("the symbolic link '\(link.path)' has no usable target")
        }
        return target
    }
}
