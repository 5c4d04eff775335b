internal import SystemPackage

/// Makes the empty file system that becomes a sandbox's /tmp.
enum ScratchImage {
    /// What AWS allows for `EphemeralStorage`.
    static let megabytes = 512...10_240

    /// An ext4 of which at least `megabytes` can be used, sparse: a few hundred kilobytes until something is written.
    ///
    /// Without a journal and checksums: it never outlives its sandbox, and both cost processor time.
    static func make(_ image: FilePath, megabytes: Int, log: FilePath) async throws(ImageError) {
        // Inode tables and bitmaps take 1.6 per cent and a little; measured for the whole range.
        let size = megabytes + megabytes / 50 + 12
        try await Tool.mke2fs.run(
            [
                "-q", "-F", "-t", "ext4", "-m", "0", "-O", "^has_journal,^metadata_csum,^resize_inode",
                "-E", "root_owner=0:0,nodiscard,assume_storage_prezeroed=1", image.string, "\(size)M",
            ], step: "making an empty disk", log: log)
        // mke2fs 1.47.0 cannot set the root's mode, and makes a lost+found that AWS's /tmp does not have.
        try await Tool.debugfs.run(
            ["-w", "-R", "set_inode_field <2> mode 041777", image.string], step: "opening the empty disk", log: log)
        try await Tool.debugfs.run(["-w", "-R", "rmdir lost+found", image.string], step: "emptying the disk", log: log)
    }
}
