internal import Basics
import Glibc
package import LinuxKit
package import SystemPackage

/// What keeps network namespaces and kernel programs alive when no process holds them: a mount namespace of its own, whose only
/// trace on the host is one file, `keep`; `retired-N` once it is only to be taken away. A sandbox's view of the host's mounts does
/// not grow with the number of slots.
///
/// In it: `/namespaces/NAME`, each a bind mount of a network namespace, `/programs`, a bpf file system, and `/record`.
package struct NamespaceKeep: Sendable {
    private static let namespaces: FilePath = "/namespaces"
    static let programs: FilePath = "/programs"
    static let record: FilePath = "/record"

    /// Its name on the host.
    private let path: FilePath
    private let mounts: SharedDescriptor
    /// `/namespaces`, through which they are reached by one who is not inside.
    private let names: SharedDescriptor

    private static func file(in directory: FilePath) -> FilePath { directory.appending("keep") }
    private static let retiredPrefix = "retired-"

    /// The keep in `directory`; nil when there is none.
    package static func find(in directory: FilePath) throws(NetworkError) -> NamespaceKeep? {
        try find(at: file(in: directory))
    }

    private static func find(at path: FilePath) throws(NetworkError) -> NamespaceKeep? {
        try attempt("open \(path)") { () throws(Errno) in
            let file: OwnedDescriptor
            do throws(Errno) { file = try OwnedDescriptor.open(path, .readOnly) } catch .noSuchFileOrDirectory {
                return nil
            }
            // An ordinary file is what is left when the namespace itself has gone, as after a reboot.
            guard try Mount.fileSystemType(of: file) == namespaceFileSystem else { return nil }
            let mounts = file.shared()
            let names = try PosixThread.runAndWait { () throws(Errno) in
                try MountNamespace.enter(mounts.descriptor)
                return try OwnedDescriptor.openDirectory(namespaces).shared()
            }.get()
            return NamespaceKeep(path: path, mounts: mounts, names: names)
        }
    }

    /// Makes an empty keep; what was in `directory` under that name must have been removed.
    package static func make(in directory: FilePath) throws(NetworkError) -> NamespaceKeep {
        let keep = try make(file(in: directory), mountingAt: directory)
        try keep.takeName(keep.path)
        return keep
    }

    /// One that has no name: nothing is left of it when nobody holds it.
    static func makeUnnamed() throws(NetworkError) -> NamespaceKeep { try make("a keep", mountingAt: "/run") }

    private static func make(_ path: FilePath, mountingAt directory: FilePath) throws(NetworkError) -> NamespaceKeep {
        try attempt("make the mount namespace of \(path)") { () throws(Errno) in
            try PosixThread.runAndWait { () throws(Errno) in
                NamespaceKeep(
                    path: path, mounts: try makeMounts(at: directory),
                    names: try OwnedDescriptor.openDirectory(namespaces).shared())
            }.get()
        }
    }

    /// On failure nothing has the name.
    private func takeName(_ path: FilePath) throws(NetworkError) {
        do { try mountName(path) } catch {
            try? Self.remove(at: path)
            throw error
        }
    }

    private func mountName(_ path: FilePath) throws(NetworkError) {
        try Self.attempt("name \(path)") { () throws(Errno) in
            try OwnedDescriptor.open(path, .writeOnly, options: [.create]).withRaw { _ in }
            // systemd shares all mounts with its services, and the name of a mount namespace cannot be passed on (EINVAL).
            try Mount.mount(path.string, on: path, flags: .bind)
            try Mount.mount("none", on: path, flags: .private)
            try mounts.withRaw { raw throws(Errno) in
                try Mount.mount("/proc/self/fd/\(raw)", on: path, flags: .bind)
            }
        }
    }

    /// Forgets the keep: all that it holds ends, unless somebody else holds it too. The kernel does that in the background.
    package func remove() throws(NetworkError) { try Self.remove(at: path) }

    /// Removes what is left of one under this name, too.
    package static func remove(in directory: FilePath) throws(NetworkError) { try remove(at: file(in: directory)) }

    private static func remove(at path: FilePath) throws(NetworkError) {
        try attempt("remove \(path)") { () throws(Errno) in
            // EINVAL: nothing is mounted there any more.
            do throws(Errno) { while true { try Mount.unmount(path, detach: true) } } catch .invalidArgument {
            } catch .noSuchFileOrDirectory {
                return
            }
            try DurableFile.remove(path)
        }
    }

    // MARK: - Retired

    /// Makes room for a new keep in `directory`: one that is there gets another name, under which a later start still finds what this
    /// one does not come to take away.
    package static func retire(in directory: FilePath) throws(NetworkError) {
        if let keep = try find(in: directory) {
            let taken = try retiredNames(in: directory)
            let free = (0...taken.count).map { "\(retiredPrefix)\($0)" }.first { !taken.contains($0) }
            try keep.takeName(directory.appending(free ?? retiredPrefix))
        }
        try remove(in: directory)
    }

    /// All that were retired and are still there.
    package static func retired(in directory: FilePath) throws(NetworkError) -> [NamespaceKeep] {
        var keeps: [NamespaceKeep] = []
        for name in try retiredNames(in: directory).sorted() {
            let path = directory.appending(name)
            if let keep = try find(at: path) { keeps.append(keep) } else { try remove(at: path) }
        }
        return keeps
    }

    private static func retiredNames(in directory: FilePath) throws(NetworkError) -> Set<String> {
        try attempt("list \(directory)") { () throws(Errno) in
            Set(try Directory.entries(directory).filter { $0.hasPrefix(retiredPrefix) })
        }
    }

    /// A namespace that is kept; nil when there is none of that name. Takes 5 us.
    func open(_ name: String) throws(NetworkError) -> SharedDescriptor? {
        try Self.attempt("open network namespace \(name)") { () throws(Errno) in
            let file: OwnedDescriptor
            do throws(Errno) {
                file = try names.descriptor.open(at: FilePath(name), .readOnly)
            } catch .noSuchFileOrDirectory { return nil }
            guard try Mount.fileSystemType(of: file) == Self.namespaceFileSystem else { return nil }
            return file.shared()
        }
    }

    // MARK: - Inside

    /// Moves the calling thread in, for good: its root directory is the keep's then. Only for threads of our own.
    func enter() throws(NetworkError) {
        try Self.attempt("enter the mount namespace of \(path)") { () throws(Errno) in
            try MountNamespace.enter(mounts.descriptor)
        }
    }

    /// Runs `body` inside, on a thread made for it, while the calling thread waits.
    func run<R>(_ body: () throws(NetworkError) -> R) throws(NetworkError) -> R {
        let outcome = try Self.attempt("start a thread") { () throws(Errno) in
            try PosixThread.runAndWait { () throws(NetworkError) in
                try enter()
                return try body()
            }
        }
        return try outcome.get()
    }

    /// Keeps the calling thread's network namespace under a name. The thread must be inside.
    static func keepCurrent(as name: String) throws(NetworkError) {
        let path = namespaces.appending(name)
        try attempt("keep network namespace \(name)") { () throws(Errno) in
            try OwnedDescriptor.open(path, .writeOnly, options: [.create]).withRaw { _ in }
            try Mount.mount("/proc/thread-self/ns/net", on: path, flags: .bind)
        }
    }

    /// Keeps a namespace no longer. The thread must be inside.
    static func release(_ name: String) throws(NetworkError) {
        try attempt("let network namespace \(name) go") { () throws(Errno) in
            do throws(Errno) { try Mount.unmount(namespaces.appending(name), detach: true) } catch .invalidArgument {
            } catch .noSuchFileOrDirectory {
                return
            }
            try DurableFile.remove(namespaces.appending(name))
        }
    }

    /// The names of all that are kept. The thread must be inside.
    static func names() throws(NetworkError) -> [String] {
        try attempt("list the network namespaces") { () throws(Errno) in try Directory.entries(namespaces) }
    }

    /// The indices of the slots among them, ascending. The thread must be inside.
    static func slots() throws(NetworkError) -> [Int] { try names().compactMap { Int($0) }.sorted() }

    // MARK: - Private

    /// A root of nothing but what slots need: the host's mounts would be kept alive by a copy.
    private static func makeMounts(at directory: FilePath) throws(Errno) -> SharedDescriptor {
        let mounts = try MountNamespace.enterNew()
        try Mount.mount(
            "thaw-slots", on: directory, type: "tmpfs", flags: [.noSetUserID, .noExecution], data: "mode=0700")
        for name in ["proc", "dev", "dev/net", "namespaces", "programs"] {
            try Directory.create(directory.appending(name), permissions: .ownerReadWriteExecute)
        }
        try Mount.mount(
            "proc", on: directory.appending("proc"), type: "proc", flags: [.noSetUserID, .noDevices, .noExecution])
        try Mount.mount(
            "bpf", on: directory.appending("programs"), type: "bpf", flags: [.noSetUserID, .noDevices, .noExecution],
            data: "mode=0700")
        // The tun driver's, of Documentation/admin-guide/devices.txt.
        let tun: (major: UInt64, minor: UInt64) = (10, 200)
        try syscall {
            directory.appending("dev/net/tun").withPlatformString {
                mknod($0, S_IFCHR | 0o600, dev_t(tun.major << 8 | tun.minor))
            }
        }
        try Mount.pivotRoot(to: directory)
        return mounts.shared()
    }

    /// NSFS_MAGIC of linux/magic.h.
    private static let namespaceFileSystem: Int = 0x6e73_6673

    private static func attempt<R>(_ action: String, _ body: () throws(Errno) -> R) throws(NetworkError) -> R {
        return try rethrowing(try body()) { NetworkError(action, $0) }
    }
}
