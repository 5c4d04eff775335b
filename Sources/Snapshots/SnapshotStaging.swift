internal import LinuxKit
package import SystemPackage

/// A snapshot being written: a private directory that ``SnapshotRepository/commit(_:describing:)`` turns into a stored snapshot.
///
/// Write plain files straight into ``directory``. Call commit or ``discard()``; a crash before either leaves a directory
/// that ``SnapshotRepository/sweep()`` removes.
package struct SnapshotStaging: Sendable {
    package let id: SnapshotID
    package let directory: FilePath

    package func path(_ name: String) -> FilePath { directory.appending(name) }

    /// Removes the directory and what is in it. Safe to call twice, and after a commit.
    package func discard() {
        // What cannot be removed is left for the next sweep, which reports it.
        try? Directory.removeTree(directory)
    }
}
