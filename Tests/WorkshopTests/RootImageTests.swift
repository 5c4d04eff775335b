import LinuxKit
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Workshop

/// What becomes of the layers of a container image.
@Suite(.requiresRoot) struct RootImageTests {
    typealias Entry = TarBuilder.Entry

    static func make(
        _ layers: [[UInt8]], mountPoints: [MountPoint] = [], limits: LayerLimits = .lambda, at image: FilePath,
        progress: @escaping @Sendable (LayerProgress) -> Void = { _ in }
    ) async throws {
        let files = try layers.map { bytes in
            let file = try OwnedDescriptor.memoryFile(named: "layer").shared()
            try file.descriptor.writeAll(bytes)
            return file
        }
        let output = try OwnedDescriptor.open(image, .readWrite, options: [.create]).shared()
        _ = try await Images.workshop().makeImage(
            ofRoot: files, mountPoints: mountPoints, limits: limits, in: output, progress: progress)
    }

    /// - Parameter body: gets the root, and the image.
    static func withRoot<R>(
        _ layers: [[Entry]], mountPoints: [MountPoint] = [], _ body: (FilePath, FilePath) throws -> R
    ) async throws -> R {
        try await withScratchDirectory { scratch in
            let image = scratch.appending("image")
            try await make(layers.map { TarBuilder.archive($0) }, mountPoints: mountPoints, at: image)
            return try Images.withMount(of: image) { try body($0, image) }
        }
    }

    @Test("whiteouts hide what earlier layers have, and nothing of their own layer")
    func whiteouts() async throws {
        let layers = [
            [Entry("d/a", "1"), Entry("d/b", "1"), Entry("o/x/deep", "1"), Entry("o/y", "1"), Entry("gone/f", "1")],
            [
                Entry("d/.wh.a"), Entry("o/x/new", "2"), Entry("o/.wh..wh..opq"), Entry("o/z", "2"), Entry(".wh.gone"),
                Entry("both", "2"), Entry(".wh.both"), Entry(".wh.never-there"), Entry("nowhere/.wh.x"),
                Entry(".wh..wh.plnk/1.2", "aufs"), Entry(".wh.b/x", "2"),
            ],
            [Entry("gone/again", "3")],
        ]
        try await Self.withRoot(layers) { root, _ throws in
            #expect(try Directory.entries(root) == ["both", "d", "gone", "o"])
            #expect(try Directory.entries(root.appending("d")) == ["b"])
            #expect(try Directory.entries(root.appending("o")) == ["x", "z"])
            #expect(try Directory.entries(root.pushing("o/x")) == ["new"])
            #expect(try Directory.entries(root.appending("gone")) == ["again"])
        }
    }

    @Test("files and directories take each other's place; of two entries with one name the later one stays")
    func replaced() async throws {
        let layers = [
            [Entry("a/x", "1"), Entry("b", "file"), Entry("c", "1"), Entry("c", "2"), Entry("m/k", "1")],
            [Entry("a", "file"), Entry("b/x", "1"), .directory("m", mode: 0o700)],
            [.directory("a"), Entry("a/y", "3")],
        ]
        try await Self.withRoot(layers) { root, _ throws in
            #expect(try Directory.entries(root.appending("a")) == ["y"])
            #expect(try Directory.entries(root.appending("b")) == ["x"])
            #expect(try Images.text(root.appending("c")) == "2")
            #expect(try Directory.entries(root.appending("m")) == ["k"])
            #expect(try FileStatus.of(root.appending("m")).permissions.rawValue == 0o700)
        }
    }

    @Test("names lead through symbolic links of the image, never out of it")
    func links() async throws {
        let layers = [
            [
                .directory("usr/bin"), .link("bin", to: "usr/bin"), .link("up", to: "../../../../../etc"),
                .link("absolute", to: "/var/lib"), .link("one", to: "two"), .link("two", to: "absolute/./three"),
            ],
            [
                Entry("bin/tool", "1", mode: 0o755), Entry("up/passwd", "mine"), Entry("absolute/f", "1"),
                Entry("one/f", "1"), Entry("/rooted", "1"), Entry("./a/../dotted", "1"),
            ],
        ]
        try await Self.withRoot(layers) { root, _ throws in
            #expect(try Images.text(root.pushing("usr/bin/tool")) == "1")
            #expect(FileStatus.symlinkContent(root.appending("bin")) == "usr/bin")
            #expect(try Images.text(root.pushing("etc/passwd")) == "mine")
            #expect(try Directory.entries(root.pushing("var/lib")) == ["f", "three"])
            #expect(try Images.text(root.pushing("var/lib/three/f")) == "1")
            #expect(try Images.text(root.appending("rooted")) == "1")
            #expect(try Images.text(root.appending("dotted")) == "1")
        }
    }

    @Test("hard links stay hard links, to earlier layers too")
    func hardLinks() async throws {
        let layers = [
            [Entry("a", "1"), .hardLink("b", to: "a"), Entry("empty"), .hardLink("empty2", to: "/empty")],
            [.hardLink("c", to: "a"), Entry("a", "2"), .hardLink("c", to: "c")],
        ]
        try await Self.withRoot(layers) { root, _ throws in
            #expect(try FileStatus.of(root.appending("b")).inode == FileStatus.of(root.appending("c")).inode)
            #expect(try FileStatus.of(root.appending("b")).links == 2)
            #expect(try Images.text(root.appending("c")) == "1")
            #expect(try Images.text(root.appending("a")) == "2")
            #expect(try FileStatus.of(root.appending("empty")).links == 2)
        }
    }

    @Test("owners, modes and times stay; devices and the bits that give privileges go")
    func attributes() async throws {
        let layers = [
            [
                Entry("su", "x", mode: 0o6755, owner: 7, seconds: 1_234_567_890), .directory("sticky", mode: 0o1777),
                Entry("null", kind: "3"), Entry("pipe", kind: "6"), .directory(".", mode: 0o711),
                Entry("hidden", "1"), .link("l", to: "su"),
            ], [Entry("hidden", kind: "4")],
        ]
        try await Self.withRoot(layers) { root, _ throws in
            let status = try FileStatus.of(root.appending("su"))
            #expect(status.permissions.rawValue == 0o755)
            #expect((status.user, status.group) == (7, 7))
            #expect(status.modified == 1_234_567_890_000_000_000)
            #expect(try FileStatus.of(root.appending("sticky")).permissions.rawValue == 0o1777)
            #expect(try FileStatus.of(root).permissions.rawValue == 0o711)
            #expect(try Directory.entries(root) == ["l", "pipe", "sticky", "su"])
            #expect(try FileStatus.of(root.appending("pipe")).kind == .pipe)
            #expect(try FileStatus.of(root.appending("l"), following: false).permissions.rawValue == 0o777)
        }
    }

    @Test(
        "layers that no honest tool makes are refused",
        arguments: [
            ([Entry("../x", "1")], "leads out of the image"),
            ([Entry("a/../../x", "1")], "leads out of the image"),
            ([.hardLink("h", to: "../../etc/passwd")], "leads out of the image"),
            ([.link("a", to: "b"), .link("b", to: "a"), Entry("a/x", "1")], "without an end"),
            ([Entry(".wh..")], "names no file"), ([Entry("d/.wh...")], "names no file"),
            ([Entry(".wh.")], "names no file"),
        ])
    func hostile(_ entries: [Entry], excerpt: String) async throws {
        let error = try await #require(throws: WorkshopError.self) { try await Self.withRoot([entries]) { _, _ in } }
        guard case .hostileLayer(let reason) = error else { throw error }
        #expect(reason.contains(excerpt))
    }

    @Test(
        "damaged layers are refused",
        arguments: [
            Array("no archive at all, whatever its name says".utf8),
            TarBuilder.archive([Entry("a", "123", declaredSize: 5000)]).prefix(700) + [],
            TarBuilder.archive([Entry("a", String(repeating: "x", count: 2000))]).prefix(1024) + [],
            TarBuilder.gzip(TarBuilder.archive([Entry("a", "1")])).dropLast(600) + [],
            TarBuilder.zstd(TarBuilder.archive([Entry("a", "1")])).dropLast(600) + [],
            TarBuilder.archive([.hardLink("h", to: "none")]),
            TarBuilder.archive([.directory("d"), .hardLink("h", to: "d")]),
            TarBuilder.archive([.link("l", to: "")]),
            TarBuilder.archive([Entry(String(repeating: "n", count: 256), "1")]),
            TarBuilder.archive([Entry(String(repeating: "n/", count: 2100), "1")]),
        ])
    func damaged(_ bytes: [UInt8]) async throws {
        let error = try await #require(throws: WorkshopError.self) {
            try await withScratchDirectory { try await Self.make([bytes], at: $0.appending("image")) }
        }
        guard case .invalidLayer = error else { throw error }
    }

    @Test("limits count all layers together, holes included")
    func limits() async throws {
        let layer = TarBuilder.archive([Entry("a", String(repeating: "x", count: 600)), Entry("b")])
        for (limits, expected) in [
            (LayerLimits(unpackedBytes: 1000, nodes: 10), WorkshopError.layersTooLarge(limitBytes: 1000)),
            (LayerLimits(unpackedBytes: 2000, nodes: 3), .layersTooMany(limit: 3)),
        ] {
            await #expect(throws: expected) {
                try await withScratchDirectory {
                    try await Self.make([layer, layer], limits: limits, at: $0.appending("image"))
                }
            }
        }
    }

    @Test("plain, gzip and zstd are read alike; the same layers give the same bytes")
    func reproducible() async throws {
        let layer = TarBuilder.archive([
            .directory("d"), Entry("d/long", String(repeating: "0123456789", count: 9000)), Entry("d/ü/😀", "1"),
            Entry(String(repeating: "n", count: 255) + "/" + String(repeating: "m", count: 255), "1"),
        ])
        var images: [[UInt8]] = []
        for bytes in [layer, layer, TarBuilder.gzip(layer), TarBuilder.zstd(layer)] {
            images.append(
                try await withScratchDirectory { scratch in
                    let image = scratch.appending("image")
                    try await Self.make([bytes], at: image)
                    return try Images.bytes(image)
                })
        }
        #expect(Set(images).count == 1)
    }

    @Test("holes stay holes: two gigabytes of them take no room")
    func holes() async throws {
        // GNU tar's old form: at 386 the parts with data, at 483 the real size.
        let size = 2 << 30
        var header = TarBuilder.header("hole", "S", size: 512, mode: 0o644)
        let octal = { (number: Int) in
            let digits = String(number, radix: 8)
            return Array((String(repeating: "0", count: 11 - digits.count) + digits).utf8) + [0]
        }
        header.replaceSubrange(257..<265, with: Array("ustar  ".utf8) + [0])
        header.replaceSubrange(386..<410, with: octal(size - 512) + octal(512))
        header.replaceSubrange(483..<495, with: octal(size))
        header.replaceSubrange(148..<156, with: [UInt8](repeating: 32, count: 8))
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        header.replaceSubrange(
            148..<156, with: Array((String(repeating: "0", count: 6 - sum.count) + sum).utf8) + [0, 32])
        let zeros = Entry("zeros", String(repeating: "\0", count: 1 << 20) + "end")
        let layer = header + [UInt8](repeating: 7, count: 512) + TarBuilder.archive([zeros])
        try await withScratchDirectory { scratch in
            let image = scratch.appending("image")
            try await Self.make([layer], at: image)
            #expect(try FileStatus.of(image).size < 1 << 20)
            try Images.withMount(of: image) { root throws in
                let file = try OwnedDescriptor.open(root.appending("hole"), .readOnly)
                #expect(try FileStatus.of(file).size == Int64(size))
                var end = [UInt8](repeating: 0, count: 513)
                #expect(try end.withUnsafeMutableBytes { try file.read(into: $0, at: Int64(size) - 513) } == 513)
                #expect(end == [0] + [UInt8](repeating: 7, count: 512))
                #expect(try Images.bytes(root.appending("zeros")) == zeros.content)
            }
        }
    }

    @Test("a hundred layers are one root, and each is told of")
    func many() async throws {
        let told = Mutex<[LayerProgress]>([])
        try await withScratchDirectory { scratch in
            let image = scratch.appending("image")
            let layers = (0..<100).map { TarBuilder.archive([Entry("f\($0)", "\($0)"), Entry("last", "\($0)")]) }
            try await Self.make(layers, at: image) { step in told.withLock { $0.append(step) } }
            try Images.withMount(of: image) { root throws in
                #expect(try Directory.entries(root).count == 101)
                #expect(try Images.text(root.appending("last")) == "99")
            }
        }
        #expect(told.withLock { $0 } == (0..<100).map { .reading(layer: $0) } + [.packing])
    }

    @Test("mount points are there afterwards, whatever the image has in their place")
    func mountPoints() async throws {
        let layers = [
            [
                .link("proc", to: "/elsewhere"), Entry("tmp", "file"), .link("etc", to: "usr/etc"),
                Entry("usr/etc/group", "g"), Entry("usr/etc/conf.d/x", "1"), .link("usr/etc/resolv.conf", to: "/run/x"),
                Entry("opt/kept", "1"), .directory("etc2"),
            ]
        ]
        let points =
            ["/proc", "/tmp", "/opt", "/var/task"].map { MountPoint(.directory, $0) }
            + ["/etc/resolv.conf", "/etc/group", "/etc/hosts"].map { MountPoint(.file, $0) }
        try await Self.withRoot(layers, mountPoints: points) { root, _ throws in
            for name in ["proc", "tmp", "opt", "var", "var/task", "etc"] {
                #expect(try FileStatus.of(root.pushing(FilePath(name)), following: false).kind == .directory, "\(name)")
            }
            for name in ["resolv.conf", "group", "hosts"] {
                let path = root.appending("etc").appending(name)
                #expect(try FileStatus.of(path, following: false).kind == .regular, "\(name)")
            }
            #expect(try Images.text(root.pushing("etc/group")) == "g")
            // What else was behind the link is still there.
            #expect(FileStatus.symlinkContent(root.pushing("etc/conf.d")) == "/usr/etc/conf.d")
            #expect(try Directory.entries(root.appending("opt")) == ["kept"])
        }
    }
}
