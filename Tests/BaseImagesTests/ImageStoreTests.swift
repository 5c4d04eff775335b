import BaseImages
import Glibc
import LinuxKit
import Logging
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// A share directory with one small runtime, and a store in the same scratch directory.
struct StoreFixture {
    let share: ShareDirectory
    let store: ImageStore

    init(in scratch: FilePath, recipe: RuntimeRecipe = RecipeTests.minimal) throws {
        share = ShareDirectory(path: scratch.appending("share"))
        store = ImageStore(directory: scratch.appending("images"), share: share, logger: Logger(label: "test"))
        let runtime = share.runtime("small")
        try Tree.make(runtime)
        try Tree.make(share.guest.removingLastComponent())
        try Files.write("guest", to: share.guest, mode: .imageExecutable)
        try syscall {
            share.workshop.withPlatformString { link in
                BuiltProgram.workshop.withPlatformString { symlink($0, link) }
            }
        }
        try Files.write(try encodedJSON(recipe, for: runtime), to: runtime.appending("image.json"))
        try Files.write("{\"command\": [\"/bin/true\"], \"environment\": {}}", to: runtime.appending("bootstrap.json"))
    }

    /// Another store with the same share directory.
    init(share: ShareDirectory, store: ImageStore) {
        self.share = share
        self.store = store
    }

    /// Puts the parts of the image in place, as if they had been built, as far as they are not there.
    ///
    /// - Parameter packages: digest of what is added to the runtime.
    func plantParts(root: String = "root", packages: String? = nil) throws {
        let inputs = try ImageInputs(runtime: "small", share: share, packages: packages)
        try plant(
            inputs.kernelPart, ["kernel": "kernel", "modules/m.ko": "module"],
            ImageStore.PartManifest(kernelRelease: "6.1", modules: ["m"]))
        try plant(
            inputs.rootPart, ["root.erofs": root],
            ImageStore.PartManifest(debianPackages: ["libc6_2.36-9+deb12u10_amd64"]))
    }

    private func plant(_ name: String, _ files: [String: String], _ manifest: ImageStore.PartManifest) throws {
        let directory = store.parts.appending(name)
        guard FileInfo(directory) == nil else { return }
        var manifest = manifest
        for (name, content) in files {
            let path = directory.appending(FilePath(name).components)
            try Tree.make(path.removingLastComponent())
            try Files.write(content, to: path)
            manifest.files[name] = try FileRecord(of: path)
        }
        try Files.write(try encodedJSON(manifest, for: directory), to: directory.appending("part.json"))
    }
}

@Suite struct ImageStoreTests {
    static let digest = String(repeating: "ab", count: 32)

    @Test func anImageIsPutTogetherOnceAndFoundAgain() async throws {
        try await withScratchDirectory { scratch in
            let fixture = try StoreFixture(in: scratch)
            #expect(try fixture.store.image("small") == nil)
            try fixture.plantParts()
            let lines = Mutex<[String]>([])
            let image = try await fixture.store.build("small") { line in lines.withLock { $0.append(line) } }
            #expect(lines.withLock { $0.count } == 2)
            #expect(try Files.read(image.root) == Array("root".utf8))
            #expect(try Files.read(image.kernel) == Array("kernel".utf8))
            #expect(image.kernelRelease == "6.1")
            #expect(try fixture.store.image("small") == image)
            #expect(fixture.store.image(digest: image.digest) == image)
            #expect(fixture.store.list() == [image])
            let again = try await fixture.store.build("small") { _ in Issue.record("nothing was to be done") }
            #expect(again == image)
            #expect(try Tree.names(in: scratch.appending("images/staging")) == [])
        }
    }

    @Test func aNewGuestMakesANewImageAndTheOldOneStays() async throws {
        try await withScratchDirectory { scratch in
            let fixture = try StoreFixture(in: scratch)
            try fixture.plantParts()
            let old = try await fixture.store.build("small") { _ in }
            try Files.remove(fixture.share.guest)
            try Files.write("another guest", to: fixture.share.guest)
            #expect(try fixture.store.image("small") == nil)
            let new = try await fixture.store.build("small") { _ in }
            #expect(new.digest != old.digest)
            #expect(fixture.store.image(digest: old.digest) == old)
        }
    }

    @Test func aShortenedImageIsNotUsedAndBuiltAnew() async throws {
        try await withScratchDirectory { scratch in
            let fixture = try StoreFixture(in: scratch)
            try fixture.plantParts()
            let image = try await fixture.store.build("small") { _ in }
            try Files.remove(image.initramfs)
            try Files.write("short", to: image.initramfs)
            #expect(try fixture.store.image("small") == nil)
            #expect(try await fixture.store.build("small") { _ in } == image)
            try await fixture.store.verify(image)
        }
    }

    @Test func anAlteredImageIsFoundByVerifyingAndBuiltAnew() async throws {
        try await withScratchDirectory { scratch in
            let fixture = try StoreFixture(in: scratch)
            try fixture.plantParts()
            let image = try await fixture.store.build("small") { _ in }
            let size = try #require(FileInfo(image.initramfs)?.size)
            try Files.remove(image.initramfs)
            try Files.write([UInt8](repeating: 1, count: size), to: image.initramfs)
            await #expect(throws: ImageError.self) { try await fixture.store.verify(image) }
            #expect(try await fixture.store.build("small", verifying: true) { _ in } == image)
            try await fixture.store.verify(image)
        }
    }

    @Test func whatIsMissingIsNamed() async throws {
        try await withScratchDirectory { scratch in
            let fixture = try StoreFixture(in: scratch)
            #expect(throws: ImageError.unknownRuntime("cobol", known: ["small"])) {
                _ = try fixture.store.image("cobol")
            }
            #expect(throws: ImageError.unknownRuntime("../small", known: ["small"])) {
                _ = try fixture.store.image("../small")
            }
            try Files.remove(fixture.share.guest)
            let error = await #expect(throws: ImageError.self) { _ = try await fixture.store.build("small") { _ in } }
            #expect(error?.description.contains("make build") == true)
        }
    }

    @Test(.requiresRoot) func codeBecomesOneImageHoweverManyAsk() async throws {
        try await withScratchDirectory { scratch in
            let store = try StoreFixture(in: scratch).store
            let zip = scratch.appending("code.zip")
            try Files.write(ZipBuilder.archive([ZipBuilder.Entry("app.py", "print(1)")]), to: zip)
            let paths = try await withThrowingTaskGroup(of: FilePath.self) { group in
                for _ in 0..<8 { group.addTask { try await store.codeImage(zip: zip, sha256: ImageStoreTests.digest) } }
                return try await group.reduce(into: Set<FilePath>()) { $0.insert($1) }
            }
            let path = try #require(paths.first)
            #expect(paths.count == 1)
            // The magic number of erofs, 1024 bytes in.
            #expect(Array(try Files.read(path)[1024..<1028]) == [0xe2, 0xe1, 0xf5, 0xe0])
            #expect(try Tree.names(in: scratch.appending("images/staging")) == [])
            try store.removeCodeImage(sha256: ImageStoreTests.digest)
            try store.removeCodeImage(sha256: ImageStoreTests.digest)
            #expect(FileInfo(path) == nil)
        }
    }

    @Test(.requiresRoot) func theSameCodeGivesTheSameBytes() async throws {
        try await withScratchDirectory { scratch in
            let store = try StoreFixture(in: scratch).store
            var images: Set<[UInt8]> = []
            for entries in [["a", "b", "c/d", "c/e"], ["c/e", "c/d", "b", "a"]] {
                let zip = scratch.appending("code.zip")
                try Files.remove(zip)
                try Files.write(ZipBuilder.archive(entries.map { ZipBuilder.Entry($0, "content of \($0)") }), to: zip)
                images.insert(try Files.read(try await store.codeImage(zip: zip, sha256: ImageStoreTests.digest)))
                try store.removeCodeImage(sha256: ImageStoreTests.digest)
            }
            #expect(images.count == 1)
        }
    }

    @Test(
        "code that cannot be unpacked leaves nothing", .requiresRoot,
        arguments: [
            [ZipBuilder.Entry("x", "four", checksum: 1)],
            [ZipBuilder.Entry("../x", "four")],
            [ZipBuilder.Entry("bomb", "x", declaredSize: 300_000_000)],
        ])
    func badCode(entries: [ZipBuilder.Entry]) async throws {
        try await withScratchDirectory { scratch in
            let store = try StoreFixture(in: scratch).store
            let zip = scratch.appending("code.zip")
            try Files.write(ZipBuilder.archive(entries), to: zip)
            await #expect(throws: ImageError.self) {
                _ = try await store.codeImage(zip: zip, sha256: ImageStoreTests.digest)
            }
            #expect(try Tree.names(in: scratch.appending("images/staging")) == [])
            #expect(try Tree.names(in: scratch.appending("images/code")) == [])
        }
    }

    @Test(
        "an image's name cannot lead elsewhere", arguments: ["", "../../etc", "AB", String(repeating: "G", count: 64)])
    func badDigest(digest: String) throws {
        try withScratchDirectory { scratch in
            let store = try StoreFixture(in: scratch).store
            #expect(throws: ImageError.self) { try store.removeCodeImage(sha256: digest) }
        }
    }

    @Test func theScratchDiskIsEmptyAndForEverybody() async throws {
        try await withScratchDirectory { scratch in
            let store = try StoreFixture(in: scratch).store
            let path = try await store.scratchImage(megabytes: 512)
            #expect(try await store.scratchImage(megabytes: 512) == path)
            let status = try FileStatus.of(path)
            #expect(status.size >= 512 << 20)
            #expect(status.allocatedBytes < 1 << 20)
            let log = scratch.appending("log")
            try await Tool.debugfs.run(["-R", "stat <2>", path.string], step: "looking", log: log)
            try await Tool.debugfs.run(["-R", "ls -p /", path.string], step: "looking", log: log)
            let seen = String(decoding: try Files.read(log), as: UTF8.self)
            #expect(seen.contains("Mode:  01777"))
            #expect(!seen.contains("lost+found"))
        }
    }

    @Test("a scratch disk has a size that AWS allows", arguments: [511, 0, -1, 10_241, .max])
    func scratchSizes(megabytes: Int) async throws {
        try await withScratchDirectory { scratch in
            let store = try StoreFixture(in: scratch).store
            await #expect(throws: ImageError.self) { _ = try await store.scratchImage(megabytes: megabytes) }
        }
    }

    @Test func leftoversOfTheDeadAreSweptAndThoseOfTheLivingAreNot() async throws {
        try await withScratchDirectory { scratch in
            let store = try StoreFixture(in: scratch).store
            let staging = scratch.appending("images/staging")
            let locks = scratch.appending("images/locks")
            try Tree.make(locks)
            for name in ["base-python3.11.123/tree/deep", "code-aa.7", "scratch-512.9"] {
                try Tree.make(staging.appending(FilePath(name).components))
            }
            let lock = try #require(try FileLock.take(locks.appending("scratch-512")))
            await store.sweep()
            #expect(try Tree.names(in: staging) == ["scratch-512.9"])
            extendLifetime(lock)
        }
    }

    @Test func aToolThatFailsSaysWhy() async throws {
        try await withScratchDirectory { scratch in
            let log = scratch.appending("log")
            let error = await #expect(throws: ImageError.self) {
                try await Tool.mkfsErofs.run(["/dev/null", "/no/such/directory"], step: "making it", log: log)
            }
            guard case .toolFailed("mkfs.erofs", "making it", let output) = error else {
                Issue.record("\(error.debugDescription)")
                return
            }
            #expect(output.contains("No such file or directory"))
            await #expect(throws: ImageError.toolMissing("mkfs.none", package: "none")) {
                try await Tool(name: "mkfs.none", package: "none").run([], step: "", log: log)
            }
        }
    }

    @Test(.requiresRoot) func aFullDiskIsAnErrorWithTheNumbersAndLeavesNothing() async throws {
        try await withScratchDirectory { scratch in
            let fixture = try StoreFixture(in: scratch)
            let directory = scratch.appending("images")
            try Tree.make(directory)
            try Mount.mount("tmpfs", on: directory, type: "tmpfs", flags: [], data: "size=1m")
            defer { try? Mount.unmount(directory, detach: true) }
            let error = await #expect(throws: ImageError.self) { _ = try await fixture.store.build("small") { _ in } }
            guard case .noSpace(_, let needed, let free) = error else {
                Issue.record("\(error.debugDescription)")
                return
            }
            #expect(needed > free)
            #expect(try Tree.names(in: directory.appending("staging")) == [])
        }
    }
}

@Suite struct ShareDirectoryTests {
    @Test func itIsBesideTheExecutableOrWhereTheEnvironmentSays() throws {
        try withScratchDirectory { scratch in
            let share = scratch.appending("lib/thaw")
            try Tree.make(share.appending("runtimes"))
            let executable = scratch.appending("bin/thaw")
            #expect(try ShareDirectory.locate(environment: [:], executable: executable).path == share)
            let override = ["THAW_SHARE_DIR": share.string]
            #expect(try ShareDirectory.locate(environment: override, executable: "/nowhere/bin/thaw").path == share)
            for (environment, executable) in [([:], "/nowhere/bin/thaw"), (["THAW_SHARE_DIR": "/nowhere"], executable)]
            {
                let error = #expect(throws: ImageError.self) {
                    _ = try ShareDirectory.locate(environment: environment, executable: executable)
                }
                #expect(error?.description.contains("THAW_SHARE_DIR") == true)
            }
        }
    }
}
