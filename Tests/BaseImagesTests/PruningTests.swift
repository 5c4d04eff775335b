import BaseImages
import Glibc
import LinuxKit
import SystemPackage
import TestSupport
import Testing

/// A store with an image of an old guest and one of the present one.
private struct OldAndNew {
    let fixture: StoreFixture
    let old: BaseImage
    let new: BaseImage
    var store: ImageStore { fixture.store }

    init(in scratch: FilePath) async throws {
        fixture = try StoreFixture(in: scratch)
        try fixture.plantParts()
        old = try await fixture.store.build("small") { _ in }
        try Files.remove(fixture.share.guest)
        try Files.write("another guest", to: fixture.share.guest)
        new = try await fixture.store.build("small") { _ in }
    }
}

@Suite struct PruningTests {
    @Test func anOldImageGoesAndTheCurrentOneStays() async throws {
        try await withScratchDirectory { scratch in
            let images = try await OldAndNew(in: scratch)
            let planned = try await images.store.prune(dryRun: true) { [] }
            #expect(planned.removed == [.image(images.old)])
            #expect(images.store.list().count == 2)
            // Kernel and root are those of the new image as well; only initramfs and manifest are the old one's own.
            let pruned = try await images.store.prune(dryRun: false) { [] }
            #expect(pruned == planned)
            #expect(pruned.freedBytes > 0)
            #expect(pruned.freedBytes <= 16_384)
            #expect(images.store.list() == [images.new])
            #expect(FileInfo(images.old.root) == nil)
            #expect(try Tree.names(in: images.store.staging) == [])
            #expect(try await images.store.prune(dryRun: false) { [] } == ImageStore.Pruned())
        }
    }

    @Test func whatWasUsedNotLongAgoStays() async throws {
        try await withScratchDirectory { scratch in
            let images = try await OldAndNew(in: scratch)
            let (day, now) = (UInt64(86_400_000_000_000), WallClock.now())
            func prune(after days: UInt64) async throws -> [ImageStore.Pruned.Item] {
                let pruned = try await images.store.prune(
                    dryRun: true, unusedFor: .seconds(30 * 86_400), at: now + days * day
                ) { [] }
                return pruned.removed
            }
            #expect(try await prune(after: 29).isEmpty)
            #expect(try await prune(after: 31) == [.image(images.old)])
            // Built long ago, and used since.
            let manifest = images.old.root.removingLastComponent().appending("image.json")
            let then = timespec(tv_sec: Int(now / 1_000_000_000) - 100 * 86_400, tv_nsec: 0)
            #expect(manifest.withPlatformString { utimensat(AT_FDCWD, $0, [then, then], 0) } == 0)
            #expect(try await prune(after: 0) == [.image(images.old)])
            _ = try images.store.lease(images.old)
            #expect(try await prune(after: 29).isEmpty)
            #expect(try await prune(after: 31) == [.image(images.old)])
        }
    }

    @Test func whatASnapshotNamesStays() async throws {
        try await withScratchDirectory { scratch in
            let images = try await OldAndNew(in: scratch)
            let digest = images.old.digest
            #expect(try await images.store.prune(dryRun: false) { [digest] } == ImageStore.Pruned())
            #expect(images.store.list().count == 2)
        }
    }

    @Test func whatAServerHoldsStaysUntilItEnds() async throws {
        try await withScratchDirectory { scratch in
            let images = try await OldAndNew(in: scratch)
            var lease = try images.store.lease(images.old)
            #expect(lease != nil)
            let pruned = try await images.store.prune(dryRun: false) { [] }
            #expect(pruned.inUse == [images.old])
            #expect(pruned.removed == [])
            #expect(images.store.image(digest: images.old.digest) == images.old)
            lease = nil
            #expect(try await images.store.prune(dryRun: false) { [] }.removed == [.image(images.old)])
            #expect(try images.store.lease(images.old) == nil)
        }
    }

    @Test func theLeasesOfTwoServersDoNotExcludeEachOther() async throws {
        try await withScratchDirectory { scratch in
            let images = try await OldAndNew(in: scratch)
            let leases = [try images.store.lease(images.old), try images.store.lease(images.old)]
            #expect(leases.allSatisfy { $0 != nil })
        }
    }

    @Test func nobodyCanBeginToUseAnImageBetweenTheQuestionAndItsEnd() async throws {
        try await withScratchDirectory { scratch in
            let images = try await OldAndNew(in: scratch)
            let path = images.store.locks.appending("image-\(images.old.digest)")
            _ = try await images.store.prune(dryRun: false) {
                let taken = try FileLock.take(path)
                #expect(taken == nil)
                return []
            }
            #expect(try images.store.lease(images.old) == nil)
        }
    }

    @Test func partsOfOldRecipesGoAndThoseOfPresentOnesStay() async throws {
        try await withScratchDirectory { scratch in
            let fixture = try StoreFixture(in: scratch)
            try fixture.plantParts()
            let old = try await fixture.store.build("small") { _ in }
            let before = try ImageInputs(runtime: "small", share: fixture.share)
            var recipe = RecipeTests.minimal
            recipe.packages.append("zlib1g")
            let path = fixture.share.runtime("small").appending("image.json")
            try Files.remove(path)
            try Files.write(try encodedJSON(recipe, for: path), to: path)
            let after = try ImageInputs(runtime: "small", share: fixture.share)
            try fixture.plantParts()
            let pruned = try await fixture.store.prune(dryRun: false) { [] }
            #expect(pruned.removed == [.image(old), .part(before.rootPart)])
            #expect(try Tree.names(in: fixture.store.parts) == [after.kernelPart, after.rootPart])
            #expect(FileInfo(old.root) == nil)
        }
    }

    @Test func nothingIsRemovedWhenARecipeCannotBeRead() async throws {
        try await withScratchDirectory { scratch in
            let images = try await OldAndNew(in: scratch)
            let path = images.fixture.share.runtime("small").appending("image.json")
            try Files.remove(path)
            try Files.write("{", to: path)
            await #expect(throws: ImageError.self) { try await images.store.prune(dryRun: false) { [] } }
            #expect(images.store.list().count == 2)
        }
    }

    @Test func theListSaysWhichImageIsCurrent() async throws {
        try await withScratchDirectory { scratch in
            let images = try await OldAndNew(in: scratch)
            let listed = images.store.listed()
            #expect(listed.map(\.image) == [images.new, images.old])
            #expect(listed.map(\.isCurrent) == [true, false])
            #expect(
                listed.first?.bytes
                    == [images.new.kernel, images.new.initramfs, images.new.root].reduce(0) {
                        $0 + (FileInfo($1)?.size ?? 0)
                    })
        }
    }
}
