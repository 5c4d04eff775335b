/// What QEMU calls itself in its greeting. Device state must be read by the version that wrote it.
package struct QEMUVersion: Sendable, Hashable, CustomStringConvertible {
    package let major: Int
    package let minor: Int
    let micro: Int
    /// The distribution's own: `Debian 1:7.2+dfsg-7`.
    let package: String

    package init(major: Int, minor: Int, micro: Int, package: String) {
        self.major = major
        self.minor = minor
        self.micro = micro
        self.package = package
    }

    package var description: String { "\(major).\(minor).\(micro) (\(package))" }

    /// `file:` takes a set of descriptors since 8.2, and since 11 nothing else takes a plain file.
    package var migratesToFiles: Bool { (major, minor) >= (8, 2) }
}
