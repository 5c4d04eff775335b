internal import LinuxKit
package import SystemPackage

/// What is at a path; nil where there is nothing.
package struct FileInfo {
    private let status: FileStatus

    init?(following path: FilePath) {
        guard let status = try? FileStatus.of(path) else { return nil }
        self.status = status
    }

    /// Of the link itself where `path` is a symbolic link.
    package init?(_ path: FilePath) {
        guard let status = try? FileStatus.of(path, following: false) else { return nil }
        self.status = status
    }

    package var isDirectory: Bool { status.kind == .directory }
    var isRegular: Bool { status.kind == .regular }
    var isExecutable: Bool { status.permissions.rawValue & 0o111 != 0 }
    package var permissions: FilePermissions { status.permissions }
    package var size: Int { Int(status.size) }
}
