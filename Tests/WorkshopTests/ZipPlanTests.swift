import SystemPackage
import Testing
import Workshop

@Suite struct ZipPlanTests {
    @Test(
        "an entry's name becomes a path below the root",
        arguments: [
            ("app.py", "app.py"),
            ("./app.py", "app.py"),
            ("a//b.py", "a/b.py"),
            ("a/./b.py", "a/b.py"),
            ("a\\b.py", "a\\b.py"),  // a backslash is a letter like any other
            ("...", "..."),
            ("-rf", "-rf"),
            ("ünï/çode", "ünï/çode"),
            ("C:/windows", "C:/windows"),
        ])
    func names(name: String, path: String) throws {
        let plan = try ZipPlan([ZipEntry(index: 0, name: name)], limits: .lambda)
        #expect(plan.files.map(\.path) == [FilePath(path)])
    }

    @Test func directoriesComeOnceAndBeforeWhatIsInThem() throws {
        let entries = ["a/b/c.py", "a/b/", "a/", "d/", "a/b/e.py"].enumerated().map {
            ZipEntry(index: UInt64($0), name: $1)
        }
        let plan = try ZipPlan(entries, limits: .lambda)
        #expect(plan.directories == ["a", "a/b", "d"])
        #expect(plan.files.map(\.path) == ["a/b/c.py", "a/b/e.py"])
    }

    @Test(
        "a file has the permissions that the archive tells",
        arguments: [
            (UInt32?.none, 0o644),  // packed on Windows
            (0, 0o644),
            (0o100644, 0o644),
            (0o100000, 0o644),  // nobody may do anything with it: no permissions were told
            (0o100600, 0o600),  // unreadable for the function, as on AWS
            (0o600, 0o600),
            (0o100755, 0o755),
            (0o104755, 0o755),  // set-user-ID is dropped
            (0o100777, 0o777),
        ] as [(UInt32?, UInt16)])
    func modes(mode: UInt32?, permissions: UInt16) throws {
        let plan = try ZipPlan([ZipEntry(index: 3, name: "f", size: 2, unixMode: mode)], limits: .lambda)
        #expect(plan.files == [ZipPlan.File(index: 3, path: "f", size: 2, permissions: permissions)])
    }

    @Test func directoriesAndLinksAreToldByTheirMode() throws {
        let plan = try ZipPlan(
            [
                ZipEntry(index: 0, name: "dir", unixMode: 0o040700),
                ZipEntry(index: 1, name: "link", size: 3, unixMode: 0o120777),
            ], limits: .lambda)
        #expect(plan.directories == ["dir"])
        #expect(plan.links == [ZipPlan.Link(index: 1, path: "link", size: 3)])
    }

    @Test(
        "a name that leads out is refused",
        arguments: [
            "../x", "a/../x", "a/../../x", "..", "a/..", "/etc/passwd", "//x", "/", "./../x", "a/b/../../../x",
        ])
    func escapes(name: String) {
        #expect(throws: WorkshopError.pathEscape(entry: name)) {
            _ = try ZipPlan([ZipEntry(index: 0, name: name)], limits: .lambda)
        }
    }

    private static let small = ZipLimits(unzippedBytes: 1000, nodes: 4)

    @Test(
        "an archive that cannot be unpacked honestly is refused",
        arguments: [
            [ZipEntry(index: 0, name: "")],
            [ZipEntry(index: 0, name: ".")],
            [ZipEntry(index: 0, name: "secret", isEncrypted: true)],
            [ZipEntry(index: 0, name: "a"), ZipEntry(index: 1, name: "a")],
            [ZipEntry(index: 0, name: "a"), ZipEntry(index: 1, name: "./a")],
            [ZipEntry(index: 0, name: "a"), ZipEntry(index: 1, name: "a/b")],  // a file as a directory
            [ZipEntry(index: 0, name: "a/b"), ZipEntry(index: 1, name: "a")],  // a directory as a file
            [ZipEntry(index: 0, name: "a", size: 4, unixMode: 0o120777), ZipEntry(index: 1, name: "a/b")],
            [ZipEntry(index: 0, name: "a/b"), ZipEntry(index: 1, name: "a", size: 4, unixMode: 0o120777)],
            [ZipEntry(index: 0, name: "dev", unixMode: 0o020666)],
            [ZipEntry(index: 0, name: "disk", unixMode: 0o060666)],
            [ZipEntry(index: 0, name: "pipe", unixMode: 0o010666)],
            [ZipEntry(index: 0, name: "socket", unixMode: 0o140666)],
            [ZipEntry(index: 0, name: "link", size: 0, unixMode: 0o120777)],
            [ZipEntry(index: 0, name: "link", size: 10_000, unixMode: 0o120777)],
            [ZipEntry(index: 0, name: String(repeating: "n", count: 256))],
            [ZipEntry(index: 0, name: String(repeating: "n/", count: 2000) + "n")],
            [ZipEntry(index: 0, name: "a/b/c/d/e")],  // five nodes where four are allowed
            (0..<5).map { ZipEntry(index: $0, name: "\($0)") },
        ])
    func refused(entries: [ZipEntry]) {
        let error = #expect(throws: WorkshopError.self) { _ = try ZipPlan(entries, limits: ZipPlanTests.small) }
        switch error {
        case .invalidZip, .unzipsTooLarge: break
        default: Issue.record("\(error.debugDescription)")
        }
    }

    @Test(
        "more bytes than allowed are refused as too large",
        arguments: [
            [UInt64(1001)], [500, 501], [.max], [1000, 1], [.max, .max],
        ])
    func tooLarge(sizes: [UInt64]) {
        let entries = sizes.enumerated().map { ZipEntry(index: UInt64($0), name: "\($0)", size: $1) }
        #expect(throws: WorkshopError.unzipsTooLarge(limitBytes: 1000)) {
            _ = try ZipPlan(entries, limits: ZipPlanTests.small)
        }
    }

    @Test func exactlyTheLimitIsAccepted() throws {
        let plan = try ZipPlan([ZipEntry(index: 0, name: "f", size: 1000)], limits: ZipPlanTests.small)
        #expect(plan.size == 1000)
    }
}
