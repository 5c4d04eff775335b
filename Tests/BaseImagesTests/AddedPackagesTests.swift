import BaseImages
import LinuxKit
import Logging
import SystemPackage
import TestSupport
import Testing

@Suite struct AddedPackagesTests {
    /// A runtime that has a place for packages, with its image built, and a directory of packages.
    private static func with(
        place: String? = "/var/runtime",
        _ body: (StoreFixture, _ packages: FilePath, _ scratch: FilePath) async throws -> Void
    ) async throws {
        try await withScratchDirectory { scratch in
            let fixture = try StoreFixture(in: scratch)
            if let place {
                let bootstrap = fixture.share.runtime("small").appending("bootstrap.json")
                try Files.remove(bootstrap)
                try Files.write(
                    #"{"command": ["/bin/true"], "environment": {}, "packages": "\#(place)"}"#, to: bootstrap)
            }
            try fixture.plantParts()
            _ = try await fixture.store.build("small") { _ in }
            let packages = scratch.appending("node_modules")
            try put("1", packages, "sdk/index.js")
            try await body(fixture, packages, scratch)
        }
    }

    private static func put(_ text: String, _ directory: FilePath, _ name: String) throws {
        let path = directory.appending(FilePath(name).components)
        try Tree.make(path.removingLastComponent())
        try Files.write(text, to: path, mode: [.ownerReadWrite])
    }

    @Test func theyMakeAnImageOfTheirOwnUntilTheyAreTakenAway() async throws {
        try await Self.with { fixture, packages, scratch in
            let plain = try #require(try fixture.store.image("small"))
            try await fixture.store.setPackages(of: "small", to: [packages])
            #expect(try fixture.store.image("small") == nil)
            let kept = fixture.store.directory.appending("packages/small/content/sdk/index.js")
            #expect(try FileStatus.of(kept).permissions.rawValue == 0o644)
            let digest = try Files.read(fixture.store.directory.appending("packages/small/digest"))
            // The same again is the same image; other content is another.
            try await fixture.store.setPackages(of: "small", to: [packages])
            #expect(try Files.read(fixture.store.directory.appending("packages/small/digest")) == digest)
            try Self.put("2", packages, "sdk/more.js")
            try await fixture.store.setPackages(of: "small", to: [packages])
            #expect(try Files.read(fixture.store.directory.appending("packages/small/digest")) != digest)
            try await fixture.store.setPackages(of: "small", to: [])
            #expect(try fixture.store.image("small") == plain)
        }
    }

    @Test func whatCannotBeAddedIsRefusedWithItsReason() async throws {
        try await Self.with { fixture, packages, scratch in
            try Self.put("{}", packages, "package.json")
            for wrong in [packages, scratch.appending("absent")] {
                let error = await #expect(throws: ImageError.self) {
                    try await fixture.store.setPackages(of: "small", to: [wrong])
                }
                guard case .unusablePackages(wrong, _) = error else { throw try #require(error) }
            }
            await #expect(throws: ImageError.unknownRuntime("cobol", known: ["small"])) {
                try await fixture.store.setPackages(of: "cobol", to: [packages])
            }
        }
        try await Self.with(place: nil) { fixture, packages, _ in
            await #expect(throws: ImageError.self) { try await fixture.store.setPackages(of: "small", to: [packages]) }
        }
    }

    @Test func theyTakeThePlaceOfTheRuntimesPackagesAndOfNoneOfItsOwnParts() async throws {
        try await withScratchDirectory { scratch in
            let (content, tree) = (scratch.appending("content"), scratch.appending("tree"))
            try Self.put("new", content, "boto3/__init__.py")
            try Self.put("new", content, "boto3-2.0.dist-info/METADATA")
            try Self.put("old", tree, "var/runtime/boto3/__init__.py")
            try Self.put("old", tree, "var/runtime/boto3/gone.py")
            try Self.put("old", tree, "var/runtime/boto3-1.0.dist-info/METADATA")
            try Self.put("old", tree, "var/runtime/bootstrap.py")
            let place = PackagePlace(content: content, place: "/var/runtime")
            let (own, log) = (["/var/runtime/bootstrap.py", "/var/runtime"], scratch.appending("log"))
            let added = try await place.install(in: tree, keeping: own, log: log)
            #expect(added == ["boto3", "boto3-2.0.dist-info"])
            #expect(
                try Tree.files(below: tree).map(\.string) == [
                    "var/runtime/bootstrap.py", "var/runtime/boto3-2.0.dist-info/METADATA",
                    "var/runtime/boto3/__init__.py",
                ])
            try Self.put("mine", content, "bootstrap.py")
            await #expect(throws: ImageError.self) { try await place.install(in: tree, keeping: own, log: log) }
            #expect(try Files.read(tree.appending("var/runtime/bootstrap.py")) == Array("old".utf8))
        }
    }

    @Test func anImportedImageHasThemAndCannotBeBuiltWithoutThem() async throws {
        try await Self.with { fixture, packages, scratch in
            try await fixture.store.setPackages(of: "small", to: [packages])
            let digest = String(
                decoding: try Files.read(fixture.store.directory.appending("packages/small/digest")), as: UTF8.self)
            try fixture.plantParts(root: "root with packages", packages: digest)
            let made = try await fixture.store.build("small") { _ in }
            let file = scratch.appending("images.thaw")
            _ = try await fixture.store.export(["small"], to: file) { _ in }

            let there = ImageStore(
                directory: scratch.appending("there"), share: fixture.share, logger: Logger(label: "test"))
            #expect(try await there.importImages(from: file) { _ in }.map(\.digest) == [made.digest])
            #expect(try there.image("small")?.digest == made.digest)
            try Directory.removeTree(there.parts)
            try Directory.removeTree(there.directory.appending("base"))
            let error = await #expect(throws: ImageError.self) { try await there.build("small") { _ in } }
            guard case .missing(_, let remedy) = error else { throw try #require(error) }
            #expect(remedy.contains("--with-package"))
        }
    }
}
