import BaseImages
import LinuxKit
import SystemPackage
import TestSupport
import Testing

@Suite struct ZipArchiveTests {
    typealias Entry = ZipBuilder.Entry

    @Test func anOrdinaryArchiveIsUnpacked() throws {
        try withScratchDirectory { scratch in
            let zip = scratch.appending("code.zip")
            try Files.write(
                ZipBuilder.archive([
                    Entry("app.py", "print(1)", mode: 0o100600), Entry("bin/", mode: 0o040700),
                    Entry("bin/run", "#!/bin/sh\n", mode: 0o104755), Entry("windows.txt", "x", mode: nil),
                    Entry("link", "bin/run", mode: 0o120777), Entry("outside", "/etc/passwd", mode: 0o120777),
                ]), to: zip)
            let root = scratch.appending("tree")
            try Tree.make(root)
            try ZipExtraction.unpack(zip, into: root, limits: .lambda)
            #expect(try Files.read(root.appending("app.py")) == Array("print(1)".utf8))
            #expect(FileInfo(root.appending("app.py"))?.permissions == .image)
            #expect(FileInfo(root.appending("bin"))?.permissions == .imageExecutable)
            #expect(FileInfo(root.appending("bin/run"))?.permissions == .imageExecutable)
            #expect(FileInfo(root.appending("windows.txt"))?.permissions == .image)
            #expect(FileStatus.symlinkContent(root.appending("link")) == "bin/run")
            // Kept as it is: it means the sandbox's file, and nothing here follows it.
            #expect(FileStatus.symlinkContent(root.appending("outside")) == "/etc/passwd")
        }
    }

    private static func validate(_ bytes: [UInt8]) throws {
        try withScratchDirectory { scratch in
            let zip = scratch.appending("code.zip")
            try Files.write(bytes, to: zip)
            try ImageStore.validate(zip: zip)
        }
    }

    static let ok = ZipBuilder.archive([Entry("app.py", "print(1)")])

    @Test(
        "what is no archive is refused at once",
        arguments: [
            [], Array("hello".utf8), [0x50, 0x4b, 3, 4], Array(ok.dropLast(10)), Array(ok.dropFirst(10)),
            Array(ok.prefix(30)), [UInt8](repeating: 0, count: 4096), Array("PK".utf8),
        ])
    func notAnArchive(bytes: [UInt8]) {
        let error = #expect(throws: ImageError.self) { try Self.validate(bytes) }
        guard case .invalidZip = error else {
            Issue.record("\(error.debugDescription)")
            return
        }
    }

    @Test func anArchiveWithoutEntriesIsAnArchive() throws {
        try Self.validate(ZipBuilder.archive([]))
    }

    @Test(
        "what the directory already shows is refused without unpacking",
        arguments: [
            ([Entry("../x", "x")], ImageError.pathEscape(entry: "../x")),
            ([Entry("/x", "x")], .pathEscape(entry: "/x")),
            ([Entry("x", "x", flags: 0x801)], .invalidZip("the entry 'x' is encrypted")),
            ([Entry("bomb", "x", method: 8, declaredSize: 262_144_001)], .tooLarge(limitBytes: 262_144_000)),
            (
                [Entry("a", "x", declaredSize: 200_000_000), Entry("b", "x", declaredSize: 200_000_000)],
                .tooLarge(limitBytes: 262_144_000)
            ),
            ([Entry("a", "1"), Entry("a", "2")], .invalidZip("the entry 'a' is there twice")),
            (
                [Entry("a", "/tmp", mode: 0o120777), Entry("a/b", "2")],
                .invalidZip("'a' is both a file and a directory")
            ),
        ])
    func refused(entries: [Entry], expected: ImageError) {
        #expect(throws: expected) { try Self.validate(ZipBuilder.archive(entries)) }
    }

    @Test func aMillionSmallEntriesAreRefused() {
        var limits = ZipLimits.lambda
        limits.nodes = 50
        let zip = ZipBuilder.archive((0...50).map { Entry("\($0)") })
        #expect(throws: ImageError.invalidZip("it has more than 50 entries")) {
            try ZipArchive.withArchive(in: zip) { archive throws(ImageError) in _ = try archive.plan(limits: limits) }
        }
    }

    /// 4096 zeros, deflated.
    static let zeros: [UInt8] = [237, 193, 1, 13, 0, 0, 0, 194, 160, 247, 79, 109, 15, 7, 20, 0, 0, 0, 240, 110]

    @Test(
        "content that belies the directory stops the unpacking",
        arguments: [
            [Entry("x", "four", checksum: 1)],
            [Entry("bomb", method: 8, declaredSize: 16, checksum: 0, packed: zeros)],
            [Entry("short", method: 8, declaredSize: 100_000, checksum: 0, packed: zeros)],
            [Entry("noise", method: 8, declaredSize: 16, packed: [1, 2, 3, 4, 5, 6, 7, 8])],
            [Entry("strange", "x", method: 99)],
            [Entry("link", "a\0b", mode: 0o120777)],
        ])
    func lies(entries: [Entry]) throws {
        try withScratchDirectory { scratch in
            let zip = scratch.appending("code.zip")
            try Files.write(ZipBuilder.archive(entries), to: zip)
            let root = scratch.appending("tree")
            try Tree.make(root)
            let error = #expect(throws: ImageError.self) { try ZipExtraction.unpack(zip, into: root, limits: .lambda) }
            guard case .invalidZip = error else {
                Issue.record("\(error.debugDescription)")
                return
            }
            #expect(try Tree.names(in: root).allSatisfy { (FileInfo(root.appending($0))?.size ?? 0) <= 100_000 })
        }
    }

    @Test func deflatedContentIsUnpacked() throws {
        try withScratchDirectory { scratch in
            let zip = scratch.appending("code.zip")
            let zeros = [UInt8](repeating: 0, count: 4096)
            let entry = Entry(
                "zeros", method: 8, declaredSize: 4096, checksum: ZipBuilder.crc32(zeros), packed: ZipArchiveTests.zeros
            )
            try Files.write(ZipBuilder.archive([entry]), to: zip)
            let root = scratch.appending("tree")
            try Tree.make(root)
            try ZipExtraction.unpack(zip, into: root, limits: .lambda)
            #expect(try Files.read(root.appending("zeros")) == zeros)
        }
    }
}
