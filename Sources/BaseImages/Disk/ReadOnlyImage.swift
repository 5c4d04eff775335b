internal import SystemPackage

/// Makes erofs images.
enum ReadOnlyImage {
    /// The same tree gives the same bytes: one time, one identity, root owns everything, no extended attributes.
    ///
    /// Not compressed: the processor that would unpack it may be emulated, and one page cache on the host serves all.
    static func make(_ image: FilePath, from tree: FilePath, log: FilePath) async throws(ImageError) {
        try await Tool.mkfsErofs.run(
            [
                "--quiet", "-x-1", "-T\(ImageTime.seconds)", "-U00000000-0000-4000-8000-000000000000", "--all-root",
                image.string, tree.string,
            ], step: "making \(image.lastComponent?.string ?? "an image")", log: log)
    }
}
