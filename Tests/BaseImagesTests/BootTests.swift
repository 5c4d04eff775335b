import BaseImages
import SystemPackage
import Testing

@Suite struct CPIOArchiveTests {
    @Test func theBytesAreThoseOfTheKernelsFormat() {
        var archive = CPIOArchive()
        archive.addDirectory("dev")
        archive.addCharacterDevice("dev/console", major: 5, minor: 1)
        archive.addFile("init", executable: true, content: Array("hello".utf8))
        let expected =
            // magic, inode, mode, uid, gid, links, mtime, size, device, rdevice, name length, checksum
            "070701" + "00000001" + "000041ED" + "00000000" + "00000000" + "00000002" + "00000000" + "00000000"
            + "00000000" + "00000000" + "00000000" + "00000000" + "00000004" + "00000000" + "dev\0" + "\0\0"
            + "070701" + "00000002" + "00002180" + "00000000" + "00000000" + "00000001" + "00000000" + "00000000"
            + "00000000" + "00000000" + "00000005" + "00000001" + "0000000C" + "00000000" + "dev/console\0" + "\0\0"
            + "070701" + "00000003" + "000081ED" + "00000000" + "00000000" + "00000001" + "00000000" + "00000005"
            + "00000000" + "00000000" + "00000000" + "00000000" + "00000005" + "00000000" + "init\0" + "\0"
            + "hello" + "\0\0\0"
            + "070701" + "00000000" + "00000000" + "00000000" + "00000000" + "00000001" + "00000000" + "00000000"
            + "00000000" + "00000000" + "00000000" + "00000000" + "0000000B" + "00000000" + "TRAILER!!!\0" + "\0\0\0"
        #expect(String(decoding: archive.finish(), as: UTF8.self) == expected)
    }

    @Test func modulesAreNumberedInLoadOrder() {
        let modules = (0..<12).map { (name: "m\($0)", content: [UInt8($0)]) }
        let text = String(decoding: Initramfs.archive(guest: [1], modules: modules), as: UTF8.self)
        for name in ["modules/00-m0.ko\0", "modules/09-m9.ko\0", "modules/11-m11.ko\0", "init\0", "newroot\0"] {
            #expect(text.contains(name))
        }
    }
}

@Suite struct LZ4LegacyFrameTests {
    private static func frame(_ blocks: [UInt8]...) -> [UInt8] {
        LZ4LegacyFrame.magic + blocks.flatMap { [UInt8($0.count), 0, 0, 0] + $0 }
    }

    @Test(
        "a block is literals and copies of what came before",
        arguments: [
            (frame([0x30] + Array("abc".utf8)), "abc"),
            (frame([0x32] + Array("abc".utf8) + [3, 0, 0x10, 0x64]), "abcabcabcd"),
            (frame([0x10, 0x61, 1, 0, 0x10, 0x62]), "aaaaab"),  // a copy that repeats itself
            (frame([0xf0, 2] + Array("abcdefghijklmnopq".utf8)), "abcdefghijklmnopq"),  // a longer length
            (frame([0x30] + Array("abc".utf8), [0x20] + Array("de".utf8)), "abcde"),
            (frame(), ""),
        ])
    func decodes(bytes: [UInt8], text: String) throws {
        #expect(try LZ4LegacyFrame.decode(bytes[...], limit: 100) == Array(text.utf8))
    }

    @Test(
        "damaged input is an error",
        arguments: [
            ([], LZ4LegacyFrame.Failure.badMagic),
            ([4, 0x22, 0x4d, 0x18], .badMagic),  // the modern frame
            (LZ4LegacyFrame.magic + [9, 0, 0, 0, 1], .truncated),
            (LZ4LegacyFrame.magic + [255, 255, 255, 255, 1], .truncated),
            (frame([0x50, 1]), .truncated),
            (frame([0xf0]), .truncated),
            (frame([0xf0, 255]), .truncated),
            (frame([0x10, 1, 1]), .truncated),
            (frame([0x10, 1, 0, 0]), .badOffset),
            (frame([0x10, 1, 2, 0]), .badOffset),  // before the beginning
            (frame([0x20, 1, 2], [0x10, 1, 2, 0]), .badOffset),  // before the block
            (frame([0x1f, 1, 1, 0, 255, 0]), .tooLarge),
            (frame([0xf0, 100] + [UInt8](repeating: 1, count: 115)), .tooLarge),
        ])
    func refuses(bytes: [UInt8], failure: LZ4LegacyFrame.Failure) {
        #expect(throws: failure) { _ = try LZ4LegacyFrame.decode(bytes[...], limit: 100) }
    }
}

@Suite struct BootableKernelTests {
    /// A bzImage with one setup sector and `payload` after it, declared as `length` bytes.
    private static func image(_ payload: [UInt8], length: Int? = nil, magic: String = "HdrS", version: UInt8 = 15)
        -> [UInt8]
    {
        var image = [UInt8](repeating: 0, count: 1024)
        image[0x1f1] = 1
        image.replaceSubrange(0x202..<0x206, with: Array(magic.utf8))
        image[0x206] = version
        image[0x24c] = UInt8(length ?? payload.count)
        return image + payload
    }

    private static let elf: [UInt8] = LZ4LegacyFrame.magic + [5, 0, 0, 0, 0x40, 0x7f, 0x45, 0x4c, 0x46, 4, 0, 0, 0]

    @Test func theELFInsideIsFound() throws {
        #expect(
            try BootableKernel.extract(from: BootableKernelTests.image(BootableKernelTests.elf)) == [
                0x7f, 0x45, 0x4c, 0x46,
            ])
    }

    @Test(
        "what is no kernel of ours is refused",
        arguments: [
            ([], BootableKernel.Failure.notABzImage),
            (image(elf, magic: "SrdH"), .notABzImage),
            (image(elf, version: 7), .notABzImage),
            (image(elf, length: 200), .notABzImage),
            (image(elf, length: 0), .notABzImage),
            (image([0x1f, 0x8b] + elf), .unknownCompression),
            (image(LZ4LegacyFrame.magic + [5, 0, 0, 0, 0x50, 1, 2, 3, 4, 9, 0, 0, 0]), .damaged(.truncated)),
            (image(LZ4LegacyFrame.magic + [5, 0, 0, 0, 0x40, 1, 2, 3, 4, 4, 0, 0, 0]), .notAnELF),
            (
                image(LZ4LegacyFrame.magic + [5, 0, 0, 0, 0x40, 0x7f, 0x45, 0x4c, 0x46, 3, 0, 0, 0]),
                .damaged(.tooLarge)
            ),
        ])
    func refuses(image: [UInt8], failure: BootableKernel.Failure) {
        #expect(throws: failure) { _ = try BootableKernel.extract(from: image) }
    }
}

@Suite struct KernelModulesTests {
    private static let catalogue = KernelModules(
        dependencies: [
            "a": [], "b": ["a"], "c": ["b", "a"], "d": ["c", "builtin"], "loop": ["pool"], "pool": ["loop"],
            "x": ["gone"],
        ],
        builtIn: ["builtin"])

    @Test(
        "dependencies are loaded first, each once",
        arguments: [
            (["a"], ["a"]), (["c"], ["a", "b", "c"]), (["d", "b"], ["a", "b", "c", "d"]), (["b", "a"], ["a", "b"]),
            (["builtin"], []), ([], []),
        ])
    func order(wanted: [String], expected: [String]) throws {
        #expect(try KernelModulesTests.catalogue.loadOrder(of: wanted) == expected)
    }

    @Test("a module that is not there is named", arguments: [(["gone"], "gone"), (["x"], "gone"), (["a", "y"], "y")])
    func missing(wanted: [String], name: String) {
        #expect(throws: KernelModules.NotFound(module: name)) {
            _ = try KernelModulesTests.catalogue.loadOrder(of: wanted)
        }
    }

    @Test func aCircleEnds() throws {
        #expect(try Set(KernelModulesTests.catalogue.loadOrder(of: ["loop"])) == ["loop", "pool"])
    }

    @Test(
        "the names a module depends on are read from it",
        arguments: [
            ("\u{7f}ELF\0license=GPL\0depends=virtio,virtio-ring\0name=x\0", ["virtio", "virtio_ring"]),
            ("\0depends=\0", []), ("nothing", []), ("", []), ("\0depends=cut", ["cut"]), ("xdepends=no\0", []),
        ])
    func depends(text: String, names: [String]) {
        #expect(KernelModules.dependencies(ofModule: Array(text.utf8)) == names)
    }

    @Test(
        "a file's name is a module's name",
        arguments: [
            ("kernel/arch/x86/crypto/crc32c-intel.ko", "crc32c_intel"), ("erofs.ko", "erofs"),
            ("net-failover", "net_failover"),
        ])
    func name(file: String, name: String) {
        #expect(KernelModules.name(of: file) == name)
    }
}
