import ContainerImages
import LinuxKit
import SystemPackage
import TestSupport
import Testing
import Workshop

/// Images in archives on disk.
@Suite(.requiresRoot) struct ArchiveTests {
    typealias Entry = TarBuilder.Entry

    private static func root(_ text: String, _ store: ContainerImageStore) async throws -> ContainerRoot {
        let found = try await store.resolve(try ImageReference(parsing: text))
        return try await store.root(of: found) { _ in }
    }

    private static func failure(_ text: String, _ store: ContainerImageStore) async throws -> ContainerImageError {
        try await #require(throws: ContainerImageError.self) { try await root(text, store) }
    }

    private static func name(_ bytes: [UInt8]) -> String { "blobs/sha256/\(ImageDigest(of: bytes).hexadecimal)" }

    // MARK: - docker save

    /// As `docker save` writes it.
    private static func archive(
        _ image: TestImage, config name: String = "config.json", names: [String], more: [Entry] = []
    ) -> [UInt8] {
        let list = names.map { "\"\($0)\"" }.joined(separator: ",")
        let manifest = #"[{"Config":"\#(name)","RepoTags":["a:1"],"Layers":[\#(list)]}]"#
        var entries = more
        for (name, layer) in zip(names, image.layers) where !more.contains(where: { $0.name == name }) {
            entries.append(TestImage.file(name, layer))
        }
        return TarBuilder.archive(
            entries + [TestImage.file(name, image.configuration), Entry("manifest.json", manifest)])
    }

    @Test("an archive of docker save is read, plain or compressed, with layers that are links")
    func archives() async throws {
        let layers = [TarBuilder.archive([Entry("hello", "saved")]), TarBuilder.archive([Entry("second", "2")])]
        let image = TestImage(layers)
        let plain = Self.archive(image, names: ["a/layer.tar", "./b/layer.tar"])
        let shared = TestImage.file("blobs/x", layers[1])
        let linked = Self.archive(
            image, names: ["a/layer.tar", "b/layer.tar"], more: [.link("b/layer.tar", to: "../blobs/x"), shared])
        try await withStore { store, scratch in
            for (number, bytes) in [plain, linked, TarBuilder.gzip(plain)].enumerated() {
                let path = scratch.appending("\(number).tar")
                try DurableFile.write(bytes, to: path)
                let root = try await Self.root("docker-archive:\(path)", store)
                #expect(root.digest == ImageDigest(of: image.configuration))
                #expect(try text("hello", in: root) == "saved")
                #expect(try text("second", in: root) == "2")
                try await store.remove(except: [])
            }
        }
    }

    @Test("archives that are not what docker save writes are refused")
    func wrongArchives() async throws {
        let image = TestImage([TarBuilder.archive([Entry("hello")])])
        let other = TestImage([TarBuilder.archive([Entry("other")])], diffs: image.layers)
        let rows: [([UInt8], ContainerImageError.Code)] = [
            (Array("nothing".utf8), .damaged), (TarBuilder.archive([Entry("x")]), .unsupported),
            (TarBuilder.archive([Entry("manifest.json", "[]")]), .unsupported),
            (TarBuilder.archive([Entry("manifest.json", "{")]), .unsupported),
            (Self.archive(image, names: []), .unsupported),
            (Self.archive(image, names: ["a"], more: [.link("a", to: "b"), .link("b", to: "a")]), .unsupported),
            (Self.archive(other, names: ["a"]), .damaged),
            (Self.archive(TestImage(image.layers, architecture: "s390x"), names: ["a"]), .noMatchingArchitecture),
        ]
        try await withStore { store, scratch in
            for (number, (bytes, code)) in rows.enumerated() {
                let path = scratch.appending("\(number).tar")
                try DurableFile.write(bytes, to: path)
                let error = try await #require(throws: ContainerImageError.self) {
                    try await Self.root("docker-archive:\(path)", store)
                }
                #expect(error.code == code, "\(number): \(error)")
                #expect(!error.message.contains(scratch.string) || error.message.contains("docker-archive:"))
            }
        }
    }

    @Test("layers may be compressed, whatever they are called; what they unpack to is what the image names")
    func compressed() async throws {
        let layers = [TarBuilder.archive([Entry("hello", "saved")]), TarBuilder.archive([Entry("second", "2")])]
        let packed = [
            layers.map(TarBuilder.gzip), layers.map(TarBuilder.zstd), [TarBuilder.gzip(layers[0]), layers[1]],
            // Frames that decoders skip: RFC 8878, 3.1.2.
            [layers[0], [0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9] + TarBuilder.zstd(layers[1])],
        ]
        try await withStore { store, scratch in
            for (number, packed) in packed.enumerated() {
                let image = TestImage(packed, diffs: layers)
                // As an engine with containerd's image store saves it: a layout, too.
                let layout = TestImage.entries([image], index: TestImage.index([image.entry(nil)]))
                let archives = [
                    Self.archive(image, names: ["a/layer.tar", "b.tar.gz"]),
                    Self.archive(
                        image, config: Self.name(image.configuration), names: packed.map(Self.name), more: layout),
                ]
                for (kind, bytes) in archives.enumerated() {
                    let path = scratch.appending("\(number).\(kind).tar")
                    try DurableFile.write(bytes, to: path)
                    let root = try await Self.root("docker-archive:\(path)", store)
                    #expect(root.digest == ImageDigest(of: image.configuration))
                    #expect(try text("hello", in: root) == "saved", "\(number) \(kind)")
                    #expect(try text("second", in: root) == "2", "\(number) \(kind)")
                    try await store.remove(except: [])
                }
            }
        }
    }

    @Test("a layer or configuration that is not what it is called is refused")
    func wrongDigests() async throws {
        let (layer, other) = (TarBuilder.archive([Entry("hello")]), TarBuilder.archive([Entry("other")]))
        let gzip = TarBuilder.gzip(layer)
        let image = TestImage([gzip], diffs: [layer])
        let plain = TestImage([layer])
        let archives = [
            Self.archive(TestImage([gzip], diffs: [other]), names: [Self.name(gzip)]),
            Self.archive(TestImage([TarBuilder.zstd(layer)], diffs: [other]), names: ["a"]),
            // The digest of what is compressed is no digest of a layer.
            Self.archive(TestImage([gzip]), names: [Self.name(gzip)]),
            Self.archive(image, names: [Self.name(other)]),
            Self.archive(image, names: ["./" + Self.name(layer)]),
            Self.archive(plain, names: [Self.name(other)]),
            Self.archive(TestImage([gzip.dropLast(600) + []], diffs: [layer]), names: ["a"]),
            Self.archive(TestImage([TarBuilder.zstd(layer).dropLast(600) + []], diffs: [layer]), names: ["a"]),
            Self.archive(plain, config: Self.name(other), names: ["a"]),
        ]
        try await withStore { store, scratch in
            for (number, bytes) in archives.enumerated() {
                let path = scratch.appending("\(number).tar")
                try DurableFile.write(bytes, to: path)
                let error = try await Self.failure("docker-archive:\(path)", store)
                #expect(error.code == .damaged, "\(number): \(error)")
                #expect(!error.message.contains(scratch.string))
            }
        }
    }

    @Test("a layer that unpacks to more than an image may have is not unpacked to its end")
    func bomb() async throws {
        var options = ContainerImageOptions()
        options.limits.unpackedBytes = 1_000_000
        // RFC 8878: sixteen blocks of one byte that is repeated 128 KiB times.
        var bomb: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0x20, 0]
        for block in 1...16 { bomb += [block == 16 ? 3 : 2, 0, 0x10, 0] }
        let archive = Self.archive(TestImage([bomb]), names: ["layer.tar"])
        try await withStore(options) { store, scratch in
            let path = scratch.appending("bomb.tar")
            try DurableFile.write(archive, to: path)
            #expect(try await Self.failure("docker-archive:\(path)", store).code == .tooLarge)
        }
    }

    // MARK: - Layouts

    @Test("a layout in a tar is read, by its tag or alone, and pinned to its manifest")
    func layouts() async throws {
        let (one, two) = (TestImage.sample("one"), TestImage.sample("two"))
        let alone = TarBuilder.archive(TestImage.entries([one], index: TestImage.index([one.entry(nil)])))
        let several = TarBuilder.archive(
            TestImage.entries(
                [one, two],
                index: TestImage.index([one.entry(nil, tag: "1"), two.entry(tag: "2"), TestImage.attestation]),
                prefix: "./"))
        try await withStore { store, scratch in
            let paths = [scratch.appending("alone.tar"), scratch.appending("several.tar")]
            try DurableFile.write(TarBuilder.gzip(alone), to: paths[0])
            try DurableFile.write(several, to: paths[1])
            for (name, image, text) in [
                ("docker-archive:\(paths[0])", one, "one"), ("oci-archive:\(paths[0])", one, "one"),
                ("oci-archive:\(paths[1]):1", one, "one"), ("oci-archive:\(paths[1]):2", two, "two"),
                ("docker-archive:\(paths[1])@\(two.digest)", two, "two"),
            ] {
                let reference = try ImageReference(parsing: name)
                let found = try await store.resolve(reference)
                #expect(found.digest == image.digest)
                #expect(found.resolvedReference == reference.pinned(to: image.digest))
                let root = try await store.root(of: found) { _ in }
                #expect(try ContainerImagesTests.text("hello", in: root) == text, "\(name)")
                try await store.remove(except: [])
            }
            for name in ["oci-archive:\(paths[1]):3", "docker-archive:\(paths[0])@\(two.digest)"] {
                let error = try await Self.failure(name, store)
                #expect(error.code == .notFound)
                #expect(error.message == "Source image \(name) does not exist. Provide a valid source image.")
            }
        }
    }

    @Test("a tar whose layout is damaged or not whole is refused")
    func wrongLayouts() async throws {
        let image = TestImage.sample()
        let entries = TestImage.entries([image], index: TestImage.index([image.entry(nil)]))
        let other = TarBuilder.gzip(TarBuilder.archive([Entry("other")]))
        // What is under a name instead; nil: nothing.
        let rows: [(String, [UInt8]?, ContainerImageError.Code)] = [
            ("oci-layout", nil, .unsupported), ("index.json", nil, .notFound),
            ("index.json", Array("{".utf8), .unsupported), (Self.name(image.manifest), nil, .notFound),
            (Self.name(image.manifest), TestImage.sample("other").manifest, .damaged),
            (Self.name(image.configuration), Array("{}".utf8), .damaged), (Self.name(image.layers[0]), nil, .notFound),
            (Self.name(image.layers[0]), other, .damaged),
            (Self.name(image.layers[0]), image.layers[0].dropLast() + [9], .damaged),
        ]
        try await withStore { store, scratch in
            for (number, (name, content, code)) in rows.enumerated() {
                let rest = entries.filter { $0.name != name }
                let path = scratch.appending("\(number).tar")
                try DurableFile.write(
                    TarBuilder.archive(rest + (content.map { [TestImage.file(name, $0)] } ?? [])), to: path)
                for kind in ["oci-archive", "docker-archive"] {
                    let error = try await Self.failure("\(kind):\(path)", store)
                    #expect(error.code == code, "\(number) \(kind): \(error)")
                    #expect(!error.message.contains(scratch.string) || error.message.contains("\(kind):"))
                }
            }
        }
    }
}
