internal import Basics
import Glibc
package import SystemPackage

/// A program's confinement as one value: what it sees, who it is, what it may use. ``plan(running:arguments:environment:)``
/// turns it into steps.
///
/// The program is process 1 of its own process namespace, in its own mount, IPC and host name namespaces. Its root is a
/// small read-only tmpfs with the system's libraries bound read-only, the devices named here, a /proc of its own processes
/// and nothing else (`subset=pid`, Linux 5.8), and what ``binds`` adds. It is `user` and `group`, without capabilities or a
/// way to gain any. It dies with the thread that spawned it (use a ``Spawner``).
package struct Jail: Sendable {
    /// A file or directory of the host that the program sees, at the same path unless `target` says otherwise.
    package struct Bind: Sendable, Hashable {
        package var source: FilePath
        package var target: FilePath
        package var isWritable: Bool

        package init(_ source: FilePath, at target: FilePath? = nil, isWritable: Bool = false) {
            self.source = source
            self.target = target ?? source
            self.isWritable = isWritable
        }
    }

    /// A user who owns what the program shall read, and the user namespace where that user exists.
    package struct Reader: Sendable {
        /// A pidfd of a process in the namespace.
        package var namespace: SharedDescriptor
        /// As the namespace numbers them.
        package var user: UInt32
        package var group: UInt32

        package init(namespace: SharedDescriptor, user: UInt32, group: UInt32) {
            self.namespace = namespace
            self.user = user
            self.group = group
        }
    }

    /// A directory that exists and holds none of the bound files. The new root is mounted on it, for the child only.
    package var mountPoint: FilePath
    package var user: UInt32
    package var group: UInt32
    package var supplementaryGroups: [UInt32] = []
    package var hostName = "thaw"
    /// Read-only system directories. Those the host does not have are left out; those it has as symlinks stay symlinks.
    package var systemPaths: [FilePath] = ["/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache"]
    package var devices: [FilePath] = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"]
    /// Devices in /dev of which the jail has nodes of its own, for ``user`` alone, whatever the mode of the host's are. Where no
    /// nodes can be made (CAP_MKNOD, user namespaces) the program does not start.
    package var ownDevices: [FilePath] = []
    package var binds: [Bind] = []
    /// nil: a new one in which nothing is up.
    package var network: SharedDescriptor?
    package var cgroup: Cgroup?
    package var limits: [ProcessLimit: UInt64] = [.coreFileBytes: 0]
    package var workingDirectory: FilePath = "/"
    /// Whatever the caller's is. See ``SpawnStep/outOfMemoryScore(_:)``.
    package var outOfMemoryScore = 0
    /// The program is this user instead of ``user``, and reads that user's files whatever their modes: the one capability it has,
    /// and it has it over nothing else of the host.
    package var reader: Reader?
    /// See ``SpawnStep/systemCallFilter(_:)``. Empty: none.
    package var filter: [UInt8] = []

    package init(mountPoint: FilePath, user: UInt32, group: UInt32) {
        self.mountPoint = mountPoint
        self.user = user
        self.group = group
    }

    /// The plan that starts `executable`, a path inside the jail.
    ///
    /// Looks at the host's file system to learn what exists and what is a directory; fails if a bind's source is not there.
    package func plan(
        running executable: FilePath, arguments: [String], environment: [String: String] = [:]
    ) throws(SpawnError) -> SpawnPlan {
        var plan = SpawnPlan(executable: executable, arguments: arguments, environment: environment)
        plan.namespaces = [.mount, .processes, .ipc, .hostName]
        plan.cgroup = cgroup
        plan.steps.append(.outOfMemoryScore(outOfMemoryScore))
        if let network {
            plan.steps.append(.enterNamespace(network, .network))
        } else {
            plan.namespaces.insert(.network)
        }
        plan.steps += rootSteps()
        do {
            plan.steps += try bindSteps()
        } catch {
            throw SpawnError(executable: executable, stage: .preparation(of: error.path), errno: error.errno)
        }
        plan.steps += [
            .pivotRoot(to: mountPoint),
            .restrictMount(target: "/", .readOnly, recursive: false),
            .changeDirectory(workingDirectory),
            .hostName(hostName),
            .newSession,
        ]
        // The last that uses a descriptor: limits could forbid the copies that follow such.
        if let reader { plan.steps.append(.enterNamespace(reader.namespace, .users)) }
        plan.steps += limits.sorted { "\($0.key)" < "\($1.key)" }.map { .limit($0.key, $0.value) }
        plan.steps += identitySteps()
        plan.steps += [.noNewPrivileges, .parentDeathSignal(SIGKILL)]
        if !filter.isEmpty { plan.steps.append(.systemCallFilter(filter)) }
        return plan
    }

    private func identitySteps() -> [SpawnStep] {
        guard let reader else {
            return [
                .dropBoundingSet, .identity(user: user, group: group, supplementary: supplementaryGroups),
                .clearCapabilities,
            ]
        }
        return [.identity(user: reader.user, group: reader.group, supplementary: []), .keepCapability(.readEverything)]
    }

    private struct UnusableBind: Error {
        let path: FilePath
        let errno: Errno
    }

    private static let directoryMode = FilePermissions(rawValue: 0o755)

    /// The empty root, and /proc.
    private func rootSteps() -> [SpawnStep] {
        [
            // Nothing done below may show on the host, and pivot_root refuses shared mounts.
            .mount(source: "none", target: "/", type: "", flags: [.private, .recursive], data: ""),
            .mount(
                source: "tmpfs", target: mountPoint, type: "tmpfs", flags: [.noSetUserID, .noDevices],
                data: "mode=755,size=1m"),
            .makeDirectory(inside("/proc"), permissions: Self.directoryMode),
            .mount(
                source: "proc", target: inside("/proc"), type: "proc",
                flags: [.noSetUserID, .noDevices, .noExecution], data: "subset=pid"),
        ]
    }

    private func bindSteps() throws(UnusableBind) -> [SpawnStep] {
        var steps: [SpawnStep] = []
        var made: Set<FilePath> = ["/"]
        for path in systemPaths {
            if let content = FileStatus.symlinkContent(path) {
                steps += parents(of: path, made: &made)
                steps.append(.makeSymlink(saying: content, at: inside(path)))
            } else if FileStatus.exists(path) {
                steps += try bind(Bind(path), attributes: [.readOnly, .noSetUserID, .noDevices], made: &made)
            }
        }
        steps += try ownDeviceSteps(made: &made)
        for device in devices {
            steps += try bind(Bind(device), attributes: [.noSetUserID, .noExecution], made: &made)
        }
        for each in binds {
            let attributes: MountAttributes = each.isWritable ? [] : .readOnly
            steps += try bind(each, attributes: attributes.union([.noSetUserID, .noDevices]), made: &made)
        }
        if !ownDevices.isEmpty {
            steps.append(.restrictMount(target: inside(Self.deviceDirectory), .readOnly, recursive: false))
        }
        return steps
    }

    private static let deviceDirectory: FilePath = "/dev"

    /// A file system for nodes: the root's own allows none.
    private func ownDeviceSteps(made: inout Set<FilePath>) throws(UnusableBind) -> [SpawnStep] {
        guard !ownDevices.isEmpty else { return [] }
        let directory = inside(Self.deviceDirectory)
        made.insert(Self.deviceDirectory)
        var steps: [SpawnStep] = [
            .makeDirectory(directory, permissions: Self.directoryMode),
            .mount(
                source: "tmpfs", target: directory, type: "tmpfs", flags: [.noSetUserID, .noExecution],
                data: "mode=755,size=64k"),
        ]
        for path in ownDevices {
            let status = try rethrowing(try FileStatus.of(path)) { UnusableBind(path: path, errno: $0) }
            guard status.kind == .characterDevice else { throw UnusableBind(path: path, errno: .noSuchAddressOrDevice) }
            steps += parents(of: path, made: &made)
            steps.append(.makeDevice(inside(path), number: status.deviceNumber, user: user, group: group))
        }
        return steps
    }

    private func bind(
        _ bind: Bind, attributes: MountAttributes, made: inout Set<FilePath>
    ) throws(UnusableBind) -> [SpawnStep] {
        let isDirectory = try rethrowing(try FileStatus.of(bind.source).kind == .directory) {
            UnusableBind(path: bind.source, errno: $0)
        }
        let target = inside(bind.target)
        var steps = parents(of: bind.target, made: &made)
        steps.append(
            isDirectory ? .makeDirectory(target, permissions: Self.directoryMode) : .makeFile(target))
        if isDirectory { made.insert(bind.target) }
        steps.append(
            .mount(source: bind.source.string, target: target, type: "", flags: [.bind, .recursive], data: ""))
        steps.append(.restrictMount(target: target, attributes, recursive: true))
        return steps
    }

    /// Steps that make the directories above `path` which no step has made yet.
    private func parents(of path: FilePath, made: inout Set<FilePath>) -> [SpawnStep] {
        var steps: [SpawnStep] = []
        var parent = FilePath("/")
        for component in path.removingLastComponent().components {
            parent.append(component)
            if made.insert(parent).inserted {
                steps.append(.makeDirectory(inside(parent), permissions: Self.directoryMode))
            }
        }
        return steps
    }

    private func inside(_ path: FilePath) -> FilePath {
        mountPoint.appending(path.components)
    }
}
