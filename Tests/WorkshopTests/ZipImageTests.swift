import LinuxKit
import SystemPackage
import TestSupport
import Testing
import Workshop

@Suite(.requiresRoot) struct ZipImageTests {
    typealias Entry = ZipBuilder.Entry

    @Test func anOrdinaryArchiveBecomesAnImage() async throws {
        let zip = ZipBuilder.archive([
            Entry("app.py", "print(1)", mode: 0o100600), Entry("bin/", mode: 0o040700),
            Entry("bin/run", "#!/bin/sh\n", mode: 0o104755), Entry("windows.txt", "x", mode: nil),
            Entry("link", "bin/run", mode: 0o120777), Entry("outside", "/etc/passwd", mode: 0o120777),
            Entry("empty"), Entry("large", String(repeating: "0123456789", count: 2000)),
        ])
        try await Images.withImage(ofZip: zip) { root, _ throws in
            #expect(
                try Directory.entries(root) == ["app.py", "bin", "empty", "large", "link", "outside", "windows.txt"])
            #expect(try Images.text(root.appending("app.py")) == "print(1)")
            #expect(try Images.bytes(root.appending("empty")) == [])
            #expect(try Images.text(root.appending("large")) == String(repeating: "0123456789", count: 2000))
            for (name, mode) in [("app.py", 0o600), ("bin", 0o700), ("bin/run", 0o755), ("windows.txt", 0o644)] {
                let status = try FileStatus.of(root.appending(FilePath(name).components))
                #expect(status.permissions.rawValue == CModeT(mode))
                #expect([status.user, status.group] == [0, 0])
                #expect(status.modified == 315_619_200_000_000_000)
            }
            #expect(FileStatus.symlinkContent(root.appending("link")) == "bin/run")
            // Kept as it is: it means the sandbox's file, and nothing here follows it.
            #expect(FileStatus.symlinkContent(root.appending("outside")) == "/etc/passwd")
        }
    }

    @Test("files of every size come back as they were")
    func sizes() async throws {
        let sizes = [1, 1023, 1024, 1025, 4095, 4096, 4097, 5120, 5121, 8192, 70_000]
        let content = { (size: Int) in String((0..<size).map { Character(UnicodeScalar(UInt8(97 + $0 % 25))) }) }
        try await Images.withImage(ofZip: ZipBuilder.archive(sizes.map { Entry("f\($0)", content($0)) })) {
            root, _ throws in
            for size in sizes { #expect(try Images.text(root.appending("f\(size)")) == content(size)) }
        }
    }

    @Test("a directory of any number of names is one", arguments: [0, 1, 20, 100, 2000])
    func names(count: Int) async throws {
        let names = (0..<count).map { "name-\($0)-\(String(repeating: "x", count: $0 % 200))" }
        try await Images.withImage(ofZip: ZipBuilder.archive([Entry("d/")] + names.map { Entry("d/\($0)") })) {
            root, _ throws in
            #expect(try Directory.entries(root.appending("d")) == names.sorted())
            for name in names { #expect(FileStatus.exists(root.appending("d").appending(name))) }
        }
    }

    @Test("names are bytes, and paths may be 1,000 deep")
    func strangeNames() async throws {
        let deep = String(repeating: "d/", count: 1000) + "f"
        let names = ["new\nline", "é", "e\u{301}", "-rf", "!", "a.b", "~"]
        try await Images.withImage(ofZip: ZipBuilder.archive((names + [deep]).map { Entry($0, $0) })) {
            root, _ throws in
            for name in names { #expect(try Images.text(root.appending(FilePath(name).components)) == name) }
            #expect(try Images.text(root.pushing(FilePath(deep))) == deep)
        }
    }

    /// 4096 zeros, deflated.
    static let zeros: [UInt8] = [237, 193, 1, 13, 0, 0, 0, 194, 160, 247, 79, 109, 15, 7, 20, 0, 0, 0, 240, 110]

    @Test func deflatedContentIsUnpacked() async throws {
        let zeros = [UInt8](repeating: 0, count: 4096)
        let entry = Entry(
            "zeros", method: 8, declaredSize: 4096, checksum: ZipBuilder.crc32(zeros), packed: Self.zeros)
        try await Images.withImage(ofZip: ZipBuilder.archive([entry])) { root, _ throws in
            #expect(try Images.bytes(root.appending("zeros")) == zeros)
        }
    }

    @Test(
        "content that belies the directory is refused",
        arguments: [
            [Entry("x", "four", checksum: 1)],
            [Entry("bomb", method: 8, declaredSize: 16, checksum: 0, packed: zeros)],
            [Entry("short", method: 8, declaredSize: 100_000, checksum: 0, packed: zeros)],
            [Entry("noise", method: 8, declaredSize: 16, packed: [1, 2, 3, 4, 5, 6, 7, 8])],
            [Entry("strange", "x", method: 99)],
            [Entry("link", "a\0b", mode: 0o120777)],
            [Entry("x", "x", flags: 0x801)],
        ])
    func lies(entries: [Entry]) async throws {
        let error = await #expect(throws: WorkshopError.self) {
            try await Images.withImage(ofZip: ZipBuilder.archive(entries)) { _, _ in }
        }
        guard case .invalidZip = error else {
            Issue.record("\(error.debugDescription)")
            return
        }
    }

    @Test("what the directory already shows is refused as it is", arguments: ["inspect", "make"])
    func refused(way: String) async throws {
        let zip = try OwnedDescriptor.memoryFile(named: "zip").shared()
        try zip.descriptor.writeAll(ZipBuilder.archive([Entry("bomb", "x", method: 8, declaredSize: 262_144_001)]))
        await #expect(throws: WorkshopError.unzipsTooLarge(limitBytes: 262_144_000)) {
            if way == "inspect" {
                _ = try await Images.workshop().inspect(zip: zip, limits: .lambda)
            } else {
                let image = try OwnedDescriptor.memoryFile(named: "image").shared()
                try await Images.workshop().makeImage(ofZip: zip, limits: .lambda, in: image)
            }
        }
        let escape = try OwnedDescriptor.memoryFile(named: "zip").shared()
        try escape.descriptor.writeAll(ZipBuilder.archive([Entry("../\nx", "x")]))
        await #expect(throws: WorkshopError.pathEscape(entry: "../\u{fffd}x")) {
            _ = try await Images.workshop().inspect(zip: escape, limits: .lambda)
        }
    }
}
