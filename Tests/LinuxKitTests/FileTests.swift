import Glibc
import LinuxKit
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Zeros that open what is in a directory when they are read: as if a child had been forked while they are written there.
private final class FileHolder: Sequence, Sendable {
    let held = Mutex<SharedDescriptor?>(nil)
    private let directory: FilePath
    private let count: Int

    init(directory: FilePath, count: Int) {
        self.directory = directory
        self.count = count
    }

    func makeIterator() -> some IteratorProtocol<UInt8> {
        if let name = try? Directory.entries(directory).first {
            let descriptor = try? OwnedDescriptor.open(directory.appending(name), .readOnly).shared()
            held.withLock { $0 = descriptor }
        }
        return repeatElement(0, count: count).makeIterator()
    }
}

@Suite struct FileTests {
    @Test("a durable write replaces the file whole, with its permissions, and leaves nothing beside it")
    func durableWrite() throws {
        try withScratchDirectory { scratch in
            let path = scratch.appending("manifest.json")
            try DurableFile.write("old and longer".utf8, to: path)
            try DurableFile.write("new".utf8, to: path, permissions: [.ownerReadWrite])
            #expect(try SmallFile.text(path) == "new")
            #expect(try FileStatus.of(path).permissions == [.ownerReadWrite])
            #expect(try Directory.entries(scratch) == ["manifest.json"])
        }
    }

    @Test("a durable write that fails leaves the old file and nothing else")
    func durableWriteFails() throws {
        try withScratchDirectory { scratch in
            let path = scratch.appending("taken")
            try Directory.create(path)
            try DurableFile.write([], to: path.appending("inside"))
            #expect(throws: Errno.isDirectory) { try DurableFile.write("x".utf8, to: path) }
            #expect(try Directory.entries(scratch) == ["taken"])
            #expect(throws: Errno.noSuchFileOrDirectory) {
                try DurableFile.write("x".utf8, to: scratch.appending("missing/file"))
            }
            #expect(throws: Errno.invalidArgument) { try DurableFile.write("x".utf8, to: "/") }
        }
    }

    @Test(
        "a durable write that fails takes no space, even while a child that was forked meanwhile holds its file",
        .requiresRoot)
    func durableWriteFailsOnAFullDisk() throws {
        try withScratchDirectory { scratch in
            try Mount.mount("tmpfs", on: scratch, type: "tmpfs", data: "size=1m")
            defer { try? Mount.unmount(scratch, detach: true) }
            let holder = FileHolder(directory: scratch, count: 4 << 20)
            #expect(throws: Errno.noSpace) { try DurableFile.write(holder, to: scratch.appending("large")) }
            #expect(try FileStatus.of(try #require(holder.held.withLock { $0 }).descriptor).allocatedBytes == 0)
            #expect(try Directory.entries(scratch).isEmpty)
            try DurableFile.write([1], to: scratch.appending("small"))
        }
    }

    @Test("the data of a sparse file is found, and copied without its holes")
    func sparse() throws {
        try withScratchDirectory { scratch in
            let block: Int64 = 1 << 16
            let file = try OwnedDescriptor.open(scratch.appending("sparse"), .readWrite, options: [.create]).shared()
            #expect(try file.descriptor.dataExtents().isEmpty)
            try file.descriptor.setSize(64 * block)
            #expect(try file.descriptor.dataExtents().isEmpty)
            let data = [UInt8](repeating: 9, count: Int(block))
            for index: Int64 in [3, 4, 40] {
                try data.withUnsafeBytes { try file.descriptor.write($0, at: index * block) }
            }
            #expect(try file.descriptor.dataExtents() == [(3 * block)..<(5 * block), (40 * block)..<(41 * block)])
            try file.descriptor.punchHole((4 * block)..<(5 * block))
            let extents = [(3 * block)..<(4 * block), (40 * block)..<(41 * block)]
            #expect(try file.descriptor.dataExtents() == extents)
            let copy = try OwnedDescriptor.openTemporary(in: scratch).shared()
            try file.descriptor.copySparse(to: copy.descriptor)
            #expect(try copy.descriptor.dataExtents() == extents)
            #expect(try FileStatus.of(copy.descriptor).size == 64 * block)
            #expect(try FileStatus.of(copy.descriptor).allocatedBytes == 2 * block)
            var read = [UInt8](repeating: 1, count: Int(2 * block))
            let count = try read.withUnsafeMutableBytes { buffer in
                try copy.descriptor.read(into: buffer, at: 40 * block)
            }
            #expect(count == read.count && read == data + [UInt8](repeating: 0, count: Int(block)))
            #expect(try Directory.entries(scratch) == ["sparse"], "a temporary file has no name")
        }
    }

    @Test("a file without a name is given one, with its owner and permissions", .requiresRoot)
    func naming() throws {
        try withScratchDirectory { scratch in
            let path = scratch.appending("named")
            let file = try OwnedDescriptor.openTemporary(in: scratch).shared()
            try file.descriptor.writeAll("content".utf8)
            try file.descriptor.setPermissions([.ownerRead])
            try file.descriptor.setOwner(user: 12, group: 34)
            #expect(try FileStatus.of(file.descriptor).links == 0)
            try file.descriptor.link(to: path)
            let status = try FileStatus.of(path)
            #expect(status.user == 12 && status.group == 34 && status.permissions == [.ownerRead])
            #expect(try SmallFile.text(path) == "content")
            #expect(throws: Errno.fileExists) { try file.descriptor.link(to: path) }
        }
    }

    @Test("a tree is removed whole; a symlink in it is removed, not followed")
    func removeTree() throws {
        try withScratchDirectory { scratch in
            let outside = scratch.appending("outside")
            try Directory.create(outside)
            try DurableFile.write([], to: outside.appending("kept"))
            let tree = scratch.appending("tree")
            try Directory.create(tree)
            try Directory.create(tree.appending("a"))
            try DurableFile.write([], to: tree.appending("a/file"))
            try syscall { symlink(outside.string, tree.appending("a/link").string) }
            #expect(FileStatus.symlinkContent(tree.appending("a/link")) == outside)
            #expect(FileStatus.symlinkContent(tree.appending("a/file")) == nil)
            try Directory.removeTree(tree)
            #expect(!FileStatus.exists(tree) && FileStatus.exists(outside.appending("kept")))
            try Directory.removeTree(tree)
        }
    }

    @Test(
        "files are told apart",
        arguments: [
            ("/etc/passwd", FileStatus.Kind.regular), ("/etc", .directory), ("/dev/null", .characterDevice),
            ("/proc/self", .directory),
        ])
    func kinds(path: String, kind: FileStatus.Kind) throws {
        #expect(try FileStatus.of(FilePath(path)).kind == kind)
    }

    @Test("what is not there is said to be missing", arguments: ["", "/nonexistent", "/etc/passwd/x"])
    func missing(path: String) {
        #expect(!FileStatus.exists(FilePath(path)))
        #expect(throws: Errno.self) { try FileStatus.of(FilePath(path)) }
    }

    @Test("files of /proc are read whole though they claim to be empty; a limit holds")
    func procFiles() throws {
        #expect(try SmallFile.text("/proc/self/status").contains("Name:"))
        #expect(throws: Errno.fileTooLarge) { try SmallFile.bytes("/proc/self/status", limit: 10) }
        #expect(throws: Errno.noSuchFileOrDirectory) { try SmallFile.set("/proc/nonexistent", to: "1") }
    }

    @Test("a lock is one holder's until it is released or gone", arguments: [true, false])
    func lock(ofDirectory: Bool) throws {
        try withScratchDirectory { scratch in
            let path = ofDirectory ? scratch : scratch.appending("lock")
            let options: FileDescriptor.OpenOptions = ofDirectory ? [.directory] : [.create, .noFollow]
            func isFree() throws(Errno) -> Bool { try FileLock.take(path, options: options) != nil }

            let first = try #require(try FileLock.take(path, options: options))
            #expect(try !isFree())
            first.release()
            #expect(try isFree())
            do {
                let second = try FileLock.wait(for: path, options: options)
                first.release()
                #expect(try !isFree(), "who has it no more cannot give it away")
                withExtendedLifetime(second) {}
            }
            #expect(try isFree())
            withExtendedLifetime(first) {}
        }
    }

    @Test("many that wait for a lock have it one after the other")
    func waitingForLock() async throws {
        try await withScratchDirectory { scratch in
            let marks = scratch.appending("marks")
            try DurableFile.write([], to: marks)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await BlockingThread.run { () throws(Errno) -> Void in
                            let lock = try FileLock.wait(for: scratch.appending("lock"))
                            defer { lock.release() }
                            let text = try SmallFile.text(marks)
                            try DurableFile.write((text + "x").utf8, to: marks)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try SmallFile.text(marks) == "xxxxxxxx")
        }
    }

    @Test("a lock cannot be where there is no directory, nor a symlink")
    func noLock() throws {
        try withScratchDirectory { scratch in
            let missing = scratch.appending("missing/lock")
            #expect(throws: Errno.noSuchFileOrDirectory) { try FileLock.take(missing) }
            #expect(throws: Errno.noSuchFileOrDirectory) { try FileLock.wait(for: missing) }
            let link = scratch.appending("link")
            try syscall { symlink(scratch.appending("lock").string, link.string) }
            #expect(throws: Errno.tooManySymbolicLinkLevels) { try FileLock.take(link) }
        }
    }

    @Test("a file that was written, replaced or given another time has another stamp")
    func stamps() throws {
        try withScratchDirectory { scratch in
            let path = scratch.appending("file")
            func stamp() throws(Errno) -> FileStamp { FileStamp(try FileStatus.of(path)) }

            try DurableFile.write("old".utf8, to: path)
            let first = try stamp()
            #expect(try stamp() == first)
            // The year 2350: more nanoseconds than 64 bits hold.
            let times = [timespec(), timespec(tv_sec: 12_000_000_000, tv_nsec: 0)]
            try syscall { utimensat(AT_FDCWD, path.string, times, 0) }
            let second = try stamp()
            try OwnedDescriptor.open(path, .writeOnly, options: [.append]).writeAll("er".utf8)
            let third = try stamp()
            try DurableFile.write("newer".utf8, to: path)
            #expect(Set([first, second, third, try stamp()]).count == 4)
        }
    }

    @Test("a mount appears and goes", .requiresRoot)
    func mounts() throws {
        try withScratchDirectory { scratch in
            try Mount.mount("tmpfs", on: scratch, type: "tmpfs", flags: [.noSetUserID, .noDevices], data: "size=64k")
            defer { try? Mount.unmount(scratch, detach: true) }
            #expect(try SmallFile.text("/proc/self/mounts").contains(" \(scratch) tmpfs "))
            try Mount.mount("", on: scratch, flags: [.remount, .readOnly])
            #expect(throws: Errno.readOnlyFileSystem) { try Directory.create(scratch.appending("x")) }
            try Mount.unmount(scratch)
            #expect(throws: Errno.invalidArgument) { try Mount.unmount(scratch) }
        }
    }
}
