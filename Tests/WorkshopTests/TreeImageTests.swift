import Glibc
import LinuxKit
import SystemPackage
import TestSupport
import Testing
import Workshop

private let readable = FilePermissions(rawValue: 0o644)

@Suite(.requiresRoot) struct TreeImageTests {
    @Test("a tree comes back with its links, pipes, modes, times and strange names")
    func everything() async throws {
        let tree = try Images.tree { root in
            try DurableFile.write("secret".utf8, to: root.appending("f"), permissions: readable)
            try syscall {
                root.appending("f").withPlatformString { old in
                    root.appending("other").withPlatformString { link(old, $0) }
                }
            }
            try Directory.create(root.appending("d"), permissions: FilePermissions(rawValue: 0o705))
            try syscall { root.appending("d/pipe").withPlatformString { mkfifo($0, 0o640) } }
            try syscall { root.appending("l").withPlatformString { symlink("/etc/passwd", $0) } }
            try DurableFile.write("n".utf8, to: root.appending("new\nline"), permissions: readable)
            var times = [timespec(tv_sec: 1_234_567_890, tv_nsec: 123_456_789), timespec(tv_sec: -5, tv_nsec: 7)]
            try syscall { root.appending("f").withPlatformString { utimensat(AT_FDCWD, $0, &times, 0) } }
        }
        try await Images.withImage(ofTree: tree) { root, _ throws in
            #expect(try Directory.entries(root) == ["d", "f", "l", "new\nline", "other"])
            #expect(try Images.text(root.appending("other")) == "secret")
            let file = try FileStatus.of(root.appending("f"))
            #expect(file.links == 2)
            #expect(try file.inode == FileStatus.of(root.appending("other")).inode)
            #expect([file.user, file.group] == [993, 990])
            #expect(file.modified == -5_000_000_000 + 7)
            #expect(try FileStatus.of(root.appending("d")).permissions.rawValue == 0o705)
            let pipe = try FileStatus.of(root.appending("d/pipe"))
            #expect(pipe.kind == .pipe && pipe.permissions.rawValue == 0o640)
            #expect(FileStatus.symlinkContent(root.appending("l")) == "/etc/passwd")
            #expect(try FileStatus.of(root).permissions.rawValue == 0o1777)
        }
    }

    @Test("holes stay holes", arguments: [Int64(1_500_000_000), 4 << 30, 1 << 40, 8_000_000_000_000_000_000])
    func holes(size: Int64) async throws {
        let middle = size / 2 / 4096 * 4096
        let tree = try Images.tree { root in
            let file = try OwnedDescriptor.open(
                root.appending("sparse"), .readWrite, options: [.create], permissions: readable)
            try file.setSize(size)
            if size < 1 << 40 { try Array("middle".utf8).withUnsafeBytes { try file.write($0, at: middle) } }
        }
        try await Images.withImage(ofTree: tree) { root, image throws in
            #expect(try FileStatus.of(image).allocatedBytes < 8 << 20)
            let file = try OwnedDescriptor.open(root.appending("sparse"), .readOnly)
            #expect(try FileStatus.of(file).size == size)
            var bytes = [UInt8](repeating: 1, count: 6)
            let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: middle) }
            #expect(count == 6)
            #expect(bytes == (size < 1 << 40 ? Array("middle".utf8) : [0, 0, 0, 0, 0, 0]))
            _ = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 12_345) }
            #expect(bytes == [0, 0, 0, 0, 0, 0])
        }
    }

    @Test("a tree deeper than a path can be long")
    func depth() async throws {
        let name = String(repeating: "d", count: 200)
        let tree = try Images.tree { root in
            var directory = try OwnedDescriptor.openDirectory(root)
            for _ in 0..<100 {
                try directory.makeDirectory(FilePath(name), permissions: [.ownerReadWriteExecute, .otherReadExecute])
                directory = try directory.open(at: FilePath(name), .readOnly, options: [.directory])
            }
            try directory.open(at: "f", .writeOnly, options: [.create], permissions: [.otherRead]).writeAll("end".utf8)
        }
        try await Images.withImage(ofTree: tree) { root, _ throws in
            var directory = try OwnedDescriptor.openDirectory(root)
            for _ in 0..<100 { directory = try directory.open(at: FilePath(name), .readOnly, options: [.directory]) }
            #expect(try directory.open(at: "f", .readOnly).readAll() == Array("end".utf8))
        }
    }

    @Test("extended attributes are refused by name", arguments: [false, true])
    func attributes(ofDirectory: Bool) async throws {
        let tree = try Images.tree { root in
            try Directory.create(root.appending("d"))
            try DurableFile.write("f".utf8, to: root.appending("d/f"))
            // The program's own /proc/self is another.
            let path = root.string.replacing("/proc/self/", with: "/proc/\(getpid())/") + (ofDirectory ? "/d" : "/d/f")
            let plan = SpawnPlan(
                executable: "/usr/bin/python3",
                arguments: ["python3", "-c", "import os; os.setxattr('\(path)', 'user.colour', b'blue')"])
            #expect(try plan.spawn().waitBlocking()?.reason == .exited(status: 0))
        }
        let error = await #expect(throws: WorkshopError.self) {
            try await Images.withImage(ofTree: tree) { _, _ throws in }
        }
        let name = ofDirectory ? "/tmp/d has" : "/tmp/d/f has"
        #expect(error?.description.contains("\(name) the extended attribute user.colour") == true)
    }

    @Test("an image that would be too large is refused, and no more than the limit is written")
    func tooLarge() async throws {
        let tree = try Images.tree { root in
            try DurableFile.write(
                (0..<8 << 20).map { UInt8(truncatingIfNeeded: $0 &* 7) }, to: root.appending("f"), permissions: readable
            )
        }
        try await withScratchDirectory { scratch in
            let path = scratch.appending("image")
            let image = try OwnedDescriptor.open(path, .readWrite, options: [.create]).shared()
            await #expect(throws: WorkshopError.imageTooLarge(limitBytes: 4 << 20)) {
                try await Images.workshop().makeImage(
                    ofTree: tree, owner: (user: 1, group: 1), reader: nil, in: image, limit: 4 << 20)
            }
            #expect(try FileStatus.of(path).size <= 4 << 20)
        }
    }

    @Test("what a stranger may not read is not read")
    func unreadable() async throws {
        let tree = try Images.tree { root in
            try DurableFile.write("x".utf8, to: root.appending("f"), permissions: [.ownerRead])
        }
        await #expect(throws: WorkshopError.systemCall("open /tmp/f", .permissionDenied)) {
            try await Images.withImage(ofTree: tree) { _, _ in }
        }
    }

    @Test("a device is refused by name")
    func device() async throws {
        let tree = try Images.tree { root in
            let made = root.appending("null").withPlatformString {
                mknodat(AT_FDCWD, $0, S_IFCHR | mode_t(0o666), dev_t(0x103))
            }
            #expect(made == 0)
        }
        let error = await #expect(throws: WorkshopError.self) { try await Images.withImage(ofTree: tree) { _, _ in } }
        guard case .unsupportedFile(let reason) = error else {
            Issue.record("\(error as Any)")
            return
        }
        #expect(reason.contains("/tmp/null"))
    }
}
