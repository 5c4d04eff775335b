import BaseImages
import Foundation
import LinuxKit
import Logging
import SystemPackage
import TestSupport
import Testing

/// One host that built an image, and another one with the same recipes and nothing built.
private struct Hosts {
    let here: StoreFixture
    let there: ImageStore
    let file: FilePath

    init(in scratch: FilePath) async throws {
        here = try StoreFixture(in: scratch)
        try here.plantParts()
        _ = try await here.store.build("small") { _ in }
        there = ImageStore(directory: scratch.appending("there"), share: here.share, logger: Logger(label: "test"))
        file = scratch.appending("images.thaw")
    }

    func export() async throws -> [BaseImage] { try await here.store.export(["small"], to: file) { _ in } }

    /// What an import left behind, beside the empty files that locks are.
    func left() throws -> [String] {
        try Tree.files(below: there.directory).map(\.string).filter { !$0.hasPrefix("locks/") }
            + Tree.names(in: there.directory.appending("staging"))
    }
}

@Suite struct ArchiveTests {
    @Test func whatIsImportedIsWhatABuildWouldHaveMade() async throws {
        try await withScratchDirectory { scratch in
            let hosts = try await Hosts(in: scratch)
            let exported = try await hosts.export()
            let imported = try await hosts.there.importImages(from: hosts.file) { _ in }
            #expect(imported.map(\.digest) == exported.map(\.digest))
            #expect(try hosts.there.image("small") == imported.first)
            #expect(try Tree.files(below: hosts.there.directory.appending("base")).count == 4)
            try await hosts.there.verify(try #require(imported.first))
            #expect(try Tree.names(in: hosts.there.directory.appending("staging")) == [])
            // The parts are there as well: a new guest supervisor needs no network.
            try Files.remove(hosts.here.share.guest)
            try Files.write("another guest", to: hosts.here.share.guest)
            #expect(try hosts.there.image("small") == nil)
            let rebuilt = try await hosts.there.build("small") { _ in }
            #expect(rebuilt.digest != imported.first?.digest)
        }
    }

    @Test func anExportThatIsImportedWhereItWasMadeChangesNothing() async throws {
        try await withScratchDirectory { scratch in
            let hosts = try await Hosts(in: scratch)
            let exported = try await hosts.export()
            let root = try #require(exported.first?.root)
            let before = try FileStatus.of(root.removingLastComponent())
            #expect(try await hosts.here.store.importImages(from: hosts.file) { _ in } == exported)
            #expect(try FileStatus.of(root.removingLastComponent()) == before)
        }
    }

    @Test func theContentOfTheFileWinsOverWhatWasBuiltHere() async throws {
        try await withScratchDirectory { scratch in
            let hosts = try await Hosts(in: scratch)
            let exported = try await hosts.export()
            // Debian's packages are not the same every day.
            let other = ImageStore(
                directory: scratch.appending("other"), share: hosts.here.share, logger: Logger(label: "test"))
            let fixture = StoreFixture(share: hosts.here.share, store: other)
            try fixture.plantParts(root: "a root of another day")
            let built = try await other.build("small") { _ in }
            #expect(built.digest != exported.first?.digest)
            #expect(try await other.importImages(from: hosts.file) { _ in }.map(\.digest) == exported.map(\.digest))
            #expect(try other.image("small")?.digest == exported.first?.digest)
            // A snapshot may have been taken on the other.
            #expect(other.image(digest: built.digest) == built)
        }
    }

    @Test func aHostWithAnotherRecipeRefusesTheFile() async throws {
        try await withScratchDirectory { scratch in
            let hosts = try await Hosts(in: scratch)
            _ = try await hosts.export()
            var recipe = RecipeTests.minimal
            recipe.packages.append("zlib1g")
            let path = hosts.here.share.runtime("small").appending("image.json")
            try Files.remove(path)
            try Files.write(try encodedJSON(recipe, for: path), to: path)
            await #expect(throws: ImageError.foreignArchive(hosts.file, runtimes: ["small"])) {
                try await hosts.there.importImages(from: hosts.file) { _ in }
            }
            #expect(try hosts.left() == [])
        }
    }

    @Test func whatIsNotBuiltOrDamagedIsNotExported() async throws {
        try await withScratchDirectory { scratch in
            let hosts = try await Hosts(in: scratch)
            await #expect(throws: ImageError.notBuilt("small")) {
                try await hosts.there.export(["small"], to: hosts.file) { _ in }
            }
            let inputs = try ImageInputs(runtime: "small", share: hosts.here.share)
            let root = hosts.here.store.parts.appending(inputs.rootPart).appending("root.erofs")
            try Files.remove(root)
            try Files.write("toor", to: root)
            let error = await #expect(throws: ImageError.self) { try await hosts.export() }
            guard case .damaged(root, _) = error else {
                Issue.record("\(error.debugDescription)")
                return
            }
            #expect(try Tree.names(in: scratch) == ["images", "share"])
        }
    }

    @Test func anExportReplacesAFileAndNothingElse() async throws {
        try await withScratchDirectory { scratch in
            let hosts = try await Hosts(in: scratch)
            try Files.write("old", to: hosts.file)
            _ = try await hosts.export()
            #expect(try Files.read(hosts.file).starts(with: ImageArchive.magic))
            let directory = scratch.appending("directory")
            try Tree.make(directory)
            await #expect(throws: ImageError.self) {
                try await hosts.here.store.export(["small"], to: directory) { _ in }
            }
            #expect(FileInfo(directory)?.isDirectory == true)
        }
    }
}

/// What may have happened to a file on its way, by accident or on purpose. None of it leaves anything on the host.
@Suite struct HostileArchiveTests {
    private static let longestName = String(repeating: "a", count: 129)

    @Test("a file that is cut off is refused", arguments: [0, 1, 15, 16, 23, 24, 100, -1, -6])
    func truncated(at length: Int) async throws {
        try await refused { bytes in Array(bytes.prefix(length < 0 ? bytes.count + length : length)) }
    }

    @Test("a byte that has changed is noticed, wherever it is", arguments: [0, 15, 16, 22, 30, 200, -1, -9])
    func flipped(at place: Int) async throws {
        try await refused { bytes in
            var bytes = bytes
            bytes[place < 0 ? bytes.count + place : place] ^= 0x20
            return bytes
        }
    }

    @Test func whatComesBehindTheEndIsNotIgnored() async throws {
        try await refused { $0 + [0] }
    }

    @Test("a list of contents that is impossible is refused, with digests that are right", arguments: impossible)
    func impossibleHeader(_ row: Row) async throws {
        try await refused { bytes in
            let length = try ImageArchive.headerLength(Array(bytes.prefix(ImageArchive.prefixLength)))
            let end = ImageArchive.prefixLength + length
            var archive = try JSONDecoder().decode(
                ImageArchive.self, from: Data(bytes[ImageArchive.prefixLength..<end]))
            row.change(&archive)
            return try archive.encodedHeader() + bytes[(end + ImageArchive.digestLength)...]
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: @Sendable (inout ImageArchive) -> Void

        init(_ name: String, _ change: @escaping @Sendable (inout ImageArchive) -> Void) {
            testDescription = name
            self.change = change
        }
    }

    private static func root(_ change: @escaping @Sendable (inout ImageArchive.Part) -> Void) -> (
        @Sendable (inout ImageArchive) -> Void
    ) {
        { archive in
            guard let index = archive.parts.firstIndex(where: { $0.name.hasPrefix("root-") }) else { return }
            change(&archive.parts[index])
        }
    }

    private static func kernel(_ change: @escaping @Sendable (inout ImageArchive.Part) -> Void) -> (
        @Sendable (inout ImageArchive) -> Void
    ) {
        { archive in
            guard let index = archive.parts.firstIndex(where: { $0.name.hasPrefix("kernel-") }) else { return }
            change(&archive.parts[index])
        }
    }

    private static func rename(_ part: inout ImageArchive.Part, _ old: String, _ new: String) {
        part.content.files[new] = part.content.files.removeValue(forKey: old)
    }

    static let impossible: [Row] = [
        Row("a format of the future") { $0.formatVersion = 2 },
        Row("nothing") { ($0.images, $0.parts) = ([], []) },
        Row("a runtime twice") { $0.images.append($0.images[0]) },
        Row("a part twice") { $0.parts.append($0.parts[0]) },
        Row("a part that nobody needs") { archive in
            var part = archive.parts[0]
            part.name = "root-" + String(repeating: "0", count: 64)
            archive.parts.append(part)
        },
        Row("a part that is not there") { $0.parts.removeLast() },
        Row("a kernel for a root") {
            ($0.images[0].root, $0.images[0].kernel) = ($0.images[0].kernel, $0.images[0].root)
        },
        Row("a runtime that leads elsewhere") { $0.images[0].runtime = "../small" },
        Row("a runtime with a long name") { $0.images[0].runtime = longestName },
        Row("a runtime without a name") { $0.images[0].runtime = "" },
        Row("a runtime that nobody knows") { $0.images[0].runtime = "cobol" },
        Row("parts that lead elsewhere") { archive in
            for index in archive.parts.indices where archive.parts[index].name == archive.images[0].root {
                archive.parts[index].name = "root-/../../../../tmp/x"
            }
            archive.images[0].root = "root-/../../../../tmp/x"
        },
        Row("a file that leads elsewhere", root { rename(&$0, "root.erofs", "../../../root.erofs") }),
        Row("a file at an absolute path", root { rename(&$0, "root.erofs", "/tmp/root.erofs") }),
        Row("a file in the manifest's place", root { rename(&$0, "root.erofs", "part.json") }),
        Row("a file too many", root { $0.content.files["extra"] = $0.content.files["root.erofs"] }),
        Row("no file", root { $0.content.files = [:] }),
        Row("a root with modules", root { $0.content.modules = ["m"] }),
        Row("an empty file", root { $0.content.files["root.erofs"]?.size = 0 }),
        Row("a file of a negative size", root { $0.content.files["root.erofs"]?.size = -1 }),
        Row("a file of an impossible size", root { $0.content.files["root.erofs"]?.size = .max }),
        Row("a file beyond any disk", root { $0.content.files["root.erofs"]?.size = 16 << 30 }),
        Row("a file that is longer than said", root { $0.content.files["root.erofs"]?.size -= 1 }),
        Row("a digest that is none", root { $0.content.files["root.erofs"]?.sha256 = "0" }),
        Row("another digest", root { $0.content.files["root.erofs"]?.sha256 = String(repeating: "0", count: 64) }),
        Row("a package with an impossible name", root { $0.content.debianPackages = ["a\nb"] }),
        Row("too many packages", root { $0.content.debianPackages = Array(repeating: "a", count: 10_001) }),
        Row("a module that leads elsewhere", kernel { $0.content.modules = ["../m"] }),
        Row("a module twice", kernel { $0.content.modules += $0.content.modules }),
        Row("a module without a file", kernel { $0.content.modules.append("n") }),
        Row("a kernel without a release", kernel { $0.content.kernelRelease = "" }),
        Row("a kernel with an impossible release", kernel { $0.content.kernelRelease = "6.1\u{1b}[31m" }),
    ]

    /// Exports, changes the bytes, and expects the import to fail with an error about them and to leave nothing.
    private func refused(_ change: ([UInt8]) throws -> [UInt8]) async throws {
        try await withScratchDirectory { scratch in
            let hosts = try await Hosts(in: scratch)
            _ = try await hosts.export()
            let changed = try change(try Files.read(hosts.file))
            try Files.remove(hosts.file)
            try Files.write(changed, to: hosts.file)
            let error = await #expect(throws: ImageError.self) {
                try await hosts.there.importImages(from: hosts.file) { _ in }
            }
            switch error {
            case .invalidArchive(hosts.file, _), .foreignArchive, .unknownRuntime, .noSpace: break
            default: Issue.record("\(error.debugDescription)")
            }
            #expect(try hosts.left() == [])
        }
    }
}
