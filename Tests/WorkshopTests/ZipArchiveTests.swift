import TestSupport
import Testing
import Workshop

@Suite struct ZipArchiveTests {
    typealias Entry = ZipBuilder.Entry

    static let ok = ZipBuilder.archive([Entry("app.py", "print(1)")])

    @Test(
        "what is no archive is refused at once",
        arguments: [
            [], Array("hello".utf8), [0x50, 0x4b, 3, 4], Array(ok.dropLast(10)), Array(ok.dropFirst(10)),
            Array(ok.prefix(30)), [UInt8](repeating: 0, count: 4096), Array("PK".utf8),
        ])
    func notAnArchive(bytes: [UInt8]) {
        let error = #expect(throws: WorkshopError.self) { try Self.read(bytes) }
        guard case .invalidZip = error else {
            Issue.record("\(error.debugDescription)")
            return
        }
    }

    @Test func anArchiveWithoutEntriesIsAnArchive() throws {
        try Self.read(ZipBuilder.archive([]))
    }

    @Test(
        "what the directory already shows is refused without unpacking",
        arguments: [
            ([Entry("../x", "x")], WorkshopError.pathEscape(entry: "../x")),
            ([Entry("/x", "x")], .pathEscape(entry: "/x")),
            ([Entry("x", "x", flags: 0x801)], .invalidZip("the entry 'x' is encrypted")),
            ([Entry("bomb", "x", method: 8, declaredSize: 262_144_001)], .unzipsTooLarge(limitBytes: 262_144_000)),
            (
                [Entry("a", "x", declaredSize: 200_000_000), Entry("b", "x", declaredSize: 200_000_000)],
                .unzipsTooLarge(limitBytes: 262_144_000)
            ),
            ([Entry("a", "1"), Entry("a", "2")], .invalidZip("the entry 'a' is there twice")),
            (
                [Entry("a", "/tmp", mode: 0o120777), Entry("a/b", "2")],
                .invalidZip("'a' is both a file and a directory")
            ),
        ])
    func refused(entries: [Entry], expected: WorkshopError) {
        #expect(throws: expected) { try Self.read(ZipBuilder.archive(entries)) }
    }

    @Test func aMillionSmallEntriesAreRefused() {
        var limits = ZipLimits.lambda
        limits.nodes = 50
        let zip = ZipBuilder.archive((0...50).map { Entry("\($0)") })
        #expect(throws: WorkshopError.invalidZip("it has more than 50 entries")) {
            try ZipArchive.withArchive(in: zip) { archive throws(WorkshopError) in _ = try archive.plan(limits: limits)
            }
        }
    }

    /// 64,000 nodes in paths 1,000 deep: each name is looked at once.
    @Test(.requiresSpeed) func deepPathsCostWhatTheyAreLong() throws {
        let deep = String(repeating: "d/", count: 990)
        let entries = (0..<5000).map { ZipEntry(index: $0, name: "\(deep)\($0)") }
        let time = try ContinuousClock().measure { _ = try ZipPlan(entries, limits: .lambda) }
        #expect(time < .seconds(10))
    }

    private static func read(_ bytes: [UInt8]) throws(WorkshopError) {
        try ZipArchive.withArchive(in: bytes) { archive throws(WorkshopError) in _ = try archive.plan(limits: .lambda) }
    }
}
