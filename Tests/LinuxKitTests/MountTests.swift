import Glibc
import LinuxKit
import SystemPackage
import TestSupport
import Testing

@Suite(.requiresRoot) struct MountTests {
    /// An erofs image with one file `greeting`, and directories to mount on.
    private static func withImage(_ body: (FilePath) async throws -> Void) async throws {
        try await withScratchDirectory { scratch in
            let tree = scratch.appending("tree")
            try Directory.create(tree)
            for name in ["dev", "inner"] { try Directory.create(tree.appending(name)) }
            try DurableFile.write("hello\n".utf8, to: tree.appending("greeting"))
            let image = scratch.appending("image.erofs")
            let made = try await run(
                SpawnPlan(
                    executable: "/usr/bin/mkfs.erofs",
                    arguments: ["mkfs.erofs", "--quiet", image.string, tree.string]))
            try #require(made.status == 0, "\(made.output)")
            try await body(image)
        }
    }

    /// From its file, or on older kernels from a loop device.
    private static func mount(_ image: FilePath) throws -> DetachedMount {
        do throws(MountError) {
            return try DetachedMount.make("erofs", source: image, attributes: [.readOnly])
        } catch {
            guard error.errno == Errno(rawValue: ENOTBLK) else { throw error }
            let device = try LoopDevice(over: OwnedDescriptor.open(image, .readOnly))
            return try DetachedMount.make("erofs", source: device.path, options: ["ro": nil], attributes: [.readOnly])
        }
    }

    /// Linux 6.15.
    private static let clonesDetachedMounts = (try? DetachedMount.make("tmpfs").clone()) != nil

    private static func text(_ mount: DetachedMount, _ name: FilePath) throws -> String {
        String(decoding: try mount.descriptor.descriptor.open(at: name, .readOnly).readAll(), as: UTF8.self)
    }

    private static func device(_ mount: DetachedMount) throws -> UInt64 {
        try FileStatus.of(mount.descriptor.descriptor).device
    }

    @Test(
        "an image is mounted from its file or a loop device, seen by its holder alone",
        .requiresFile("/usr/bin/mkfs.erofs", "install erofs-utils"), arguments: [false, true])
    func image(throughLoop: Bool) async throws {
        try await Self.withImage { image in
            var source = image
            var loop: LoopDevice?
            if throughLoop || (try? DetachedMount.make("erofs", source: image)) == nil {
                let device = try LoopDevice(over: OwnedDescriptor.open(image, .readOnly))
                source = device.path
                loop = device
            }
            let mount = try DetachedMount.make(
                "erofs", source: source, options: ["ro": nil], attributes: [.readOnly])
            loop = nil  // the mount keeps it
            #expect(loop == nil)
            #expect(try Self.text(mount, "greeting") == "hello\n")
            #expect(try !SmallFile.text("/proc/self/mountinfo").contains(source.string))
            #expect(throws: Errno.readOnlyFileSystem) {
                try mount.descriptor.descriptor.makeDirectory("new", permissions: [.ownerReadWriteExecute])
            }
        }
    }

    @Test(
        "a loop device is had where /dev has none, and is gone with its last user",
        .requiresFile("/usr/bin/mkfs.erofs", "install erofs-utils"))
    func loopWithoutNodes() async throws {
        try await Self.withImage { image in
            let text = try PosixThread.runAndWait { () throws -> String in
                _ = try MountNamespace.enterNew()
                try Mount.mount("none", on: "/dev", type: "tmpfs")
                let device = try LoopDevice(over: OwnedDescriptor.open(image, .readOnly))
                #expect(device.path.starts(with: "/proc/self/fd"))
                let mount = try DetachedMount.make(
                    "erofs", source: device.path, options: ["ro": nil], attributes: [.readOnly])
                return try Self.text(mount, "greeting")
            }.get()
            #expect(text == "hello\n")
            let backing = try Directory.entries("/sys/block").filter { $0.hasPrefix("loop") }
                .compactMap { try? SmallFile.text(FilePath("/sys/block/\($0)/loop/backing_file")) }
            #expect(!backing.contains { $0.hasPrefix(image.string) })
        }
    }

    @Test(
        "a clone of a mount is the same file system, and outlives it", .enabled(if: clonesDetachedMounts),
        .requiresFile("/usr/bin/mkfs.erofs", "install erofs-utils"))
    func clone() async throws {
        try await Self.withImage { image in
            var mount: DetachedMount? = try Self.mount(image)
            let device = try mount.map(Self.device)
            let clone = try #require(try mount?.clone())
            mount = nil
            #expect(mount == nil)
            #expect(try Self.device(clone) == device)
            #expect(try Self.text(clone, "greeting") == "hello\n")
        }
    }

    @Test(
        "a child sees what was attached for it, the host does not",
        .requiresFile("/usr/bin/mkfs.erofs", "install erofs-utils"))
    func attach() async throws {
        try await Self.withImage { image in
            let mount = try Self.mount(image)
            // Two mounts of one image.
            let other = Self.clonesDetachedMounts ? try mount.clone() : try Self.mount(image)
            var plan = SpawnTests.shell(
                "cat /mnt/greeting /mnt/inner/greeting; touch /mnt/x 2>&- || echo refused")
            plan.namespaces = [.mount]
            plan.steps = [
                .mount(source: "none", target: "/", type: "", flags: [.private, .recursive], data: ""),
                .attach(mount, at: "/mnt"), .attach(other, at: "/mnt/inner"),
            ]
            #expect(try await run(plan).lines == ["hello", "hello", "refused"])
            #expect(!FileStatus.exists("/mnt/greeting"))
            // It has gone with the child's namespace, and a mount is attached once.
            let failure = await #expect(throws: SpawnError.self) { _ = try await run(plan) }
            #expect("\(failure.map { "\($0)" } ?? "")".contains("attach mount at /mnt"))
        }
    }

    @Test("what a process has mounted is had from outside, with the mounts of others left out")
    func copied() async throws {
        var plan = SpawnTests.shell("echo inside > /mnt/file; echo; read line")
        plan.namespaces = [.mount]
        plan.steps = [
            .mount(source: "none", target: "/", type: "", flags: [.private, .recursive], data: ""),
            .mount(source: "tmpfs", target: "/mnt", type: "tmpfs", flags: [], data: ""),
        ]
        let (output, writer) = try OwnedDescriptor.pipe().take { ($0.shared(), $1.shared()) }
        let (input, lines) = try OwnedDescriptor.pipe().take { ($0.shared(), $1.shared()) }
        plan.descriptors = [0: input, 1: writer]
        let child = try await spawner.get().spawn(plan)
        _ = try await BlockingThread.run { () throws(Errno) in try output.descriptor.read(upTo: 1) }
        let mount = try DetachedMount.copy(of: "/mnt", seenBy: child.pidfd)
        #expect(throws: MountError.self) { _ = try DetachedMount.copy(of: "/nonexistent", seenBy: child.pidfd) }
        await child.end()
        #expect(try Self.text(mount, "file") == "inside\n")
        #expect(!FileStatus.exists("/mnt/file"))
        withExtendedLifetime(lines) {}
    }

    @Test("a file system is filled through its holder before anybody else sees it")
    func filled() async throws {
        let devices = try DetachedMount.make("tmpfs", options: ["mode": "0755", "size": "64k"])
        let root = devices.descriptor
        try root.descriptor.makeCharacterDevice(
            "null", major: 1, minor: 3, permissions: FilePermissions(rawValue: 0o666))
        try root.descriptor.makeDirectory("deep", permissions: FilePermissions(rawValue: 0o1777))
        try root.descriptor.makeSymlink(saying: "/proc/self/fd", at: "deep/fd")
        try devices.restrict([.readOnly])
        var plan = SpawnTests.shell(
            """
            echo x > /mnt/null && stat -c '%a %t:%T %F' /mnt/null /mnt/deep; readlink /mnt/deep/fd
            touch /mnt/y 2>&1 | wc -l
            """
        )
        plan.namespaces = [.mount]
        plan.steps = [
            .mount(source: "none", target: "/", type: "", flags: [.private, .recursive], data: ""),
            .attach(devices, at: "/mnt"),
        ]
        let expected = ["666 1:3 character special file", "1777 0:0 directory", "/proc/self/fd", "1"]
        #expect(try await run(plan).lines == expected)
    }

    @Test(
        "what cannot be mounted is an error that says what and why",
        arguments: [
            ("erofs", FilePath?.some("/etc/passwd"), "mount /etc/passwd as erofs"),
            ("erofs", "/nonexistent", "mount /nonexistent as erofs"),
            ("nonesuch", nil, "mount nonesuch"),
        ])
    func failures(type: String, source: FilePath?, says: String) throws {
        let failure = #expect(throws: MountError.self) { _ = try DetachedMount.make(type, source: source) }
        #expect("\(failure.map { "\($0)" } ?? "")".contains(says))
    }

    @Test("an option that the file system does not know is refused")
    func unknownOption() throws {
        #expect(throws: MountError.self) { _ = try DetachedMount.make("tmpfs", options: ["nonesuch": nil]) }
    }

    @Test(
        "a new mount namespace can be bound to a file in the one it was copied from, whatever processors made the two")
    func nested() async throws {
        let processors = Set([0, CInt(sysconf(CInt(_SC_NPROCESSORS_ONLN))) - 1])
        try await withScratchDirectory { scratch in
            for (first, second) in processors.flatMap({ first in processors.map { (first, $0) } }) {
                let path = scratch.appending("keep-\(first)-\(second)")
                try DurableFile.write([], to: path)
                try await BlockingThread.run { () throws(Errno) in
                    try PosixThread.stay(on: first)
                    _ = try MountNamespace.enterNew()
                    let inner = try PosixThread.runAndWait { () throws(Errno) in
                        try PosixThread.stay(on: second)
                        return try MountNamespace.enterNew().shared()
                    }.get()
                    try inner.withRaw { raw throws(Errno) in
                        try Mount.mount("/proc/self/fd/\(raw)", on: path, flags: .bind)
                    }
                }
            }
        }
    }

    @Test("nothing stays open of mounts, whether they could be made or not")
    func leaks() async throws {
        await #expect(processExitsWith: .success) {
            let left = try await leakedDescriptors {
                for _ in 0..<20 {
                    _ = try? DetachedMount.make("tmpfs").clone()
                    _ = try? DetachedMount.make("erofs", source: "/etc/passwd")
                    _ = try? DetachedMount.make("tmpfs", options: ["nonesuch": nil])
                }
            }
            #expect(left == [])
        }
    }
}
