import LinuxKit
import SystemPackage
import TestSupport
import Testing
import Workshop

@Suite(.requiresRoot) struct LayersImageTests {
    typealias Entry = ZipBuilder.Entry

    /// - Parameter body: gets the image's root, and the image.
    private static func withImage<R>(
        of layers: [[Entry]], limits: ZipLimits = .lambda, _ body: (FilePath, FilePath) throws -> R
    ) async throws -> R {
        try await withScratchDirectory { scratch in
            let image = scratch.appending("image")
            let zips = try layers.map { entries in
                let zip = try OwnedDescriptor.memoryFile(named: "zip").shared()
                try zip.descriptor.writeAll(ZipBuilder.archive(entries))
                return zip
            }
            let output = try OwnedDescriptor.open(image, .readWrite, options: [.create]).shared()
            try await Images.workshop().makeImage(ofLayers: zips, limits: limits, in: output)
            return try Images.withMount(of: image) { try body($0, image) }
        }
    }

    @Test("later layers win, and directories are merged")
    func merged() async throws {
        let layers = [
            [
                Entry("python/a.py", "1"), Entry("python/b.py", "1"), Entry("kind", "a file"),
                Entry("tree/x/deep", "1"),
                Entry("mode/", mode: 0o040700), Entry("script", "1", mode: 0o100755),
            ],
            [
                Entry("python/b.py", "2"), Entry("kind/inner", "2"), Entry("tree", "now a file"),
                Entry("link", "x", mode: 0o120777),
            ],
            [Entry("python/sub/c.py", "3"), Entry("tree/y", "3"), Entry("mode/", mode: 0o040755)],
        ]
        try await Self.withImage(of: layers) { root, _ throws in
            #expect(try Directory.entries(root) == ["kind", "link", "mode", "python", "script", "tree"])
            #expect(try Directory.entries(root.appending("python")) == ["a.py", "b.py", "sub"])
            #expect(try Images.text(root.pushing("python/b.py")) == "2")
            #expect(try Images.text(root.pushing("python/sub/c.py")) == "3")
            #expect(try Images.text(root.pushing("kind/inner")) == "2")
            // What an earlier layer had below a name that a later one made a file is gone for good.
            #expect(try Directory.entries(root.appending("tree")) == ["y"])
            #expect(FileStatus.symlinkContent(root.appending("link")) == "x")
            #expect(try FileStatus.of(root.appending("mode")).permissions.rawValue == 0o755)
            #expect(try FileStatus.of(root.appending("script")).permissions.rawValue == 0o755)
        }
    }

    @Test("the same layers in the same order give the same bytes")
    func reproducible() async throws {
        let (one, two) = ([Entry("a", "1"), Entry("d/b", "2")], [Entry("d/c", "3")])
        let first = try await Self.withImage(of: [one, two]) { _, image throws in try Images.bytes(image) }
        let second = try await Self.withImage(of: [one.reversed(), two]) { _, image throws in try Images.bytes(image) }
        #expect(first == second)
    }

    @Test("limits count all layers together")
    func limits() async throws {
        let layer = [Entry("a", String(repeating: "x", count: 600))]
        await #expect(throws: WorkshopError.self) {
            try await Self.withImage(of: [layer, layer], limits: ZipLimits(unzippedBytes: 1000, nodes: 10)) { _, _ in }
        }
        await #expect(throws: WorkshopError.self) {
            try await Self.withImage(
                of: [[Entry("a"), Entry("b")], [Entry("c"), Entry("d")]],
                limits: ZipLimits(unzippedBytes: 1000, nodes: 3)
            ) { _, _ in }
        }
    }

    @Test("a hostile archive among the layers is refused")
    func hostile() async throws {
        await #expect(throws: WorkshopError.pathEscape(entry: "../x")) {
            try await Self.withImage(of: [[Entry("fine")], [Entry("../x", "1")]]) { _, _ in }
        }
    }
}
