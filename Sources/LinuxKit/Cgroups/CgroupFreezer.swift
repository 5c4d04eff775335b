package import SystemPackage

/// Stops everything in a cgroup and lets it go on, by one write(2) each: what the members use of the host's processors is nothing
/// meanwhile. Neither waits until it has come to pass.
///
/// In version 2, also where that is mounted beside version 1, frozen members can be killed. In version 1 alone they die when they
/// are let go.
package struct CgroupFreezer: Sendable {
    private let file: SharedDescriptor
    private let version: CgroupVersion

    init(_ file: SharedDescriptor, _ version: CgroupVersion) {
        self.file = file
        self.version = version
    }

    package func freeze() throws(Errno) { try write(version == .two ? "1" : "FROZEN") }

    package func thaw() throws(Errno) { try write(version == .two ? "0" : "THAWED") }

    private func write(_ word: String) throws(Errno) { _ = try file.descriptor.write(word.utf8) }
}

extension Cgroup {
    /// Nil where the host has nothing that freezes.
    package func openFreezer() throws(Errno) -> CgroupFreezer? {
        if let file = unified?.appending("cgroup.freeze"), FileStatus.exists(file) {
            return CgroupFreezer(try OwnedDescriptor.open(file, .writeOnly).shared(), .two)
        }
        guard let file = freezer?.appending("freezer.state") else { return nil }
        return CgroupFreezer(try OwnedDescriptor.open(file, .writeOnly).shared(), .one)
    }
}
