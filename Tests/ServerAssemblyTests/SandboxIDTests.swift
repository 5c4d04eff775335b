import Foundation
import LinuxKit
import Sandboxes
import ServerAssembly
import SystemPackage
import TestSupport
import Testing

@Suite struct SandboxIDTests {
    @Test(
        "ids are START:COUNT, as in subuid(5)",
        arguments: [
            ("1900100000:131072", 1_900_100_000, 131_072), ("1000:2", 1000, 2), ("65536:65536", 65_536, 65_536),
            // The last id there is.
            ("4294967293:2", 4_294_967_293, 2),
        ] as [(String, UInt32, Int)])
    func good(text: String, first: UInt32, count: Int) throws {
        let range = try IDRange(text)
        #expect(range.first == first && range.count == count)
    }

    @Test(
        "what are no ids for sandboxes is refused, and why",
        arguments: [
            ("", .form), ("200000", .form), (":", .form), ("200000:", .form), (":65536", .form), ("a:b", .form),
            ("200000:1:1", .form), ("-1:65536", .form), ("+200000:65536", .form), (" 200000:65536", .form),
            ("0x10000:65536", .form), ("99999999999999999999:2", .form),
            ("200000:0", .tooFew), ("200000:1", .tooFew),
            ("0:65536", .ofTheHost), ("999:2", .ofTheHost), ("60000:10000", .ofTheHost), ("65535:2", .ofTheHost),
            ("65533:2", .ofTheHost),
            ("4294967294:2", .tooLarge), ("4294967296:2", .tooLarge), ("200000:18446744073709551615", .tooLarge),
            ("18446744073709551615:18446744073709551615", .tooLarge),
        ] as [(String, IDRange.Flaw)])
    func bad(text: String, flaw: IDRange.Flaw) { #expect(throws: flaw) { try IDRange(text) } }

    /// Files as in /etc.
    private func with<R>(_ files: [String: String], _ body: (SubordinateFiles, FilePath) throws -> R) throws -> R {
        try withScratchDirectory { directory in
            for (name, text) in files { try DurableFile.write(text.utf8, to: directory.appending(name)) }
            return try body(SubordinateFiles(in: directory), directory)
        }
    }

    private static let lines = "root:100000:65536\nthaw:300000:1000\nthaw:400000:1000\n"

    @Test("what was chosen comes before the files' lines for thaw, and those before the standard")
    func order() throws {
        try with(["subuid": Self.lines, "subgid": "thaw:500000:2000"]) { files, _ in
            let found = try SandboxIDs.find(nil, files: files)
            #expect("\(found.users), \(found.groups)" == "300000 to 300999, 500000 to 501999")
            #expect(found.origin == .files)
            let chosen = try SandboxIDs.find(try IDRange("200000:10"), files: files)
            #expect("\(chosen.users), \(chosen.groups)" == "200000 to 200009, 200000 to 200009")
            #expect(chosen.origin == .option)
        }
        for text in ["", "root:100000:65536\nthawer:1000:2\n"] {
            let found = try with(["subuid": text]) { files, _ in try SandboxIDs.find(nil, files: files) }
            #expect(found.users == SandboxIDs.standard && found.origin == .standard)
        }
    }

    @Test(
        "files that say half of it, or nonsense, are refused with the place",
        arguments: [
            (["subuid": "thaw:300000:1000"], "subgid has none"), (["subgid": "thaw:300000:1000"], "subuid has none"),
            (["subuid": "\nthaw:300000:\n", "subgid": "thaw:300000:1000"], "subuid, line 2: 'thaw:300000:' is not of"),
            (
                ["subuid": "thaw:300000:1000", "subgid": "thaw:0:1000"],
                "subgid, line 1: 'thaw:0:1000' has ids below 1000"
            ),
        ])
    func nonsense(texts: [String: String], excerpt: String) throws {
        try with(texts) { files, _ in
            let error = #expect(throws: ServerError.self) { try SandboxIDs.find(nil, files: files) }
            #expect(error?.code == .unusableIDs && error?.message.contains(excerpt) == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("--sandbox-ids") == true)
        }
    }

    @Test("no two servers have the same ids, and what one gives back the next one takes")
    func claims() throws {
        try with([:]) { files, directory in
            let ids = try SandboxIDs.find(try IDRange("200000:11"), files: files)
            let claims = directory.appending("claims")
            let first = try ids.claim(slots: 2, at: claims)
            var second: SandboxIDClaim? = try ids.claim(slots: 1, at: claims)
            let third = try ids.claim(slots: 2, at: claims)
            let users = [first, try #require(second), third].map { $0.users.inSlot(0) }
            #expect(
                users.map(\.user) == [200_000, 200_004, 200_006] && users.map(\.owner) == [200_001, 200_005, 200_007])
            #expect(first.users.inSlot(1).user == 200_002 && first.users.inSlot(1).group == 200_002)
            #expect(throws: ServerError.self) { try ids.claim(slots: 1, at: claims) }
            second = nil
            #expect(throws: ServerError.self) { try ids.claim(slots: 2, at: claims) }
            #expect(try ids.claim(slots: 1, at: claims).users.inSlot(0).user == 200_004)
            withExtendedLifetime((first, third)) {}
        }
    }

    @Test("too few ids for the slots are told with how many it takes")
    func tooFew() throws {
        try with([:]) { files, directory in
            let ids = try SandboxIDs.find(try IDRange("200000:11"), files: files)
            let error = #expect(throws: ServerError.self) { try ids.claim(slots: 6, at: directory.appending("claims")) }
            #expect(error?.code == .tooFewIDs && error?.message.contains("12 are needed") == true)
            #expect(ids.finding(slots: 6, files: files).status == .failed)
            #expect(ids.finding(slots: 5, files: files) == .good("sandbox ids", "200000 to 200010, by --sandbox-ids"))
        }
    }

    @Test(
        "who else has ids of these is named",
        arguments: [
            ("passwd", "alice:x:200005:100::/:/bin/sh", "user alice (200005)"),
            ("group", "staff:x:200010:", "group staff (200010)"),
            ("subuid", "bob:199000:1001", "bob (199000:1001"), ("subgid", "bob:100000:4294967295", "bob (100000"),
            ("subuid", "bob:18446744073709551615:5\nbob:200010:18446744073709551615", "bob (200010"),
        ])
    func others(file: String, text: String, expected: String) throws {
        try with([file: text]) { files, _ in
            let finding = try SandboxIDs.find(try IDRange("200000:11"), files: files).finding(slots: 1, files: files)
            #expect(finding.status == .warning && finding.found.contains(expected), "\(finding.found)")
        }
    }

    @Test("who has others is not")
    func noOthers() throws {
        let files = [
            "passwd": "alice:x:200011:1::/:\nbob:x:199999:1\nbroken\n:::\n", "group": "staff:x:1:",
            "subuid": "bob:199000:1000\nthaw:200000:11\nx:y:z\nbob:200011:5\nnone:200003:0\n", "subgid": "",
        ]
        try with(files) { files, _ in
            let finding = try SandboxIDs.find(try IDRange("200000:11"), files: files).finding(slots: 1, files: files)
            #expect(finding.status == .good, "\(finding.found)")
        }
    }
}
