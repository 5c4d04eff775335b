internal import CLinux
import Glibc
package import SystemPackage

/// How to start a program: what surrounds it, what it may do, what it is given.
///
/// The steps run in their order in the child, between clone(2) and execve(2). The child starts in the cgroup and the new
/// namespaces; after the last step it holds the descriptors named here and no others. Paths in steps are the child's: those
/// after ``SpawnStep/pivotRoot(to:)`` are seen from the new root, and so is ``executable``.
///
/// A plan is a value that keeps its descriptors open; it can be used more than once.
package struct SpawnPlan: Sendable {
    package var executable: FilePath
    /// The first of them at which there is a file is executed where there is none at ``executable``, under its own name if that
    /// was the program's.
    package var alternatives: [FilePath] = []
    /// An open file to execute in place of what is at ``executable``, which then is only its name. Not for scripts.
    package var program: SharedDescriptor?
    /// argv, the program's name included.
    package var arguments: [String]
    package var environment: [String: String]
    package var namespaces: Namespaces = []
    /// Namespaces of others that the child is born in, where ``SpawnStep/enterNamespace(_:_:)`` would come too late: a process
    /// cannot change its own pid namespace, and from a new user namespace there is no way into an older network.
    package var birthplace = Birthplace()
    /// The host's user whose ``Namespaces/users`` is, and who the child is in it: the kernel charges the owner for what is used
    /// inside, on top of whoever uses it. Nil: the caller. Capabilities over the namespace are the child's until it executes.
    package var owner: UInt32?
    package var cgroup: Cgroup?
    package var steps: [SpawnStep] = []
    /// By the number each has in the child. 0, 1 and 2 are /dev/null unless given. At most 64.
    package var descriptors: [CInt: SharedDescriptor] = [:]

    package init(executable: FilePath, arguments: [String], environment: [String: String] = [:]) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }
}

/// Where a child is born, see ``SpawnPlan/birthplace``.
package struct Birthplace: Sendable {
    package var network: SharedDescriptor?
    /// The namespace, or a pidfd of a process in it. While process 1 of it lives.
    package var processes: SharedDescriptor?

    package init(network: SharedDescriptor? = nil, processes: SharedDescriptor? = nil) {
        self.network = network
        self.processes = processes
    }
}

/// New namespaces of a child: flags of clone(2).
package struct Namespaces: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let mount = Namespaces(rawValue: UInt32(bitPattern: clinux_CLONE_NEWNS))
    /// The child is process 1: signals without a handler do not reach it, except SIGKILL from outside.
    package static let processes = Namespaces(rawValue: UInt32(bitPattern: clinux_CLONE_NEWPID))
    package static let ipc = Namespaces(rawValue: UInt32(bitPattern: clinux_CLONE_NEWIPC))
    package static let hostName = Namespaces(rawValue: UInt32(bitPattern: clinux_CLONE_NEWUTS))
    package static let network = Namespaces(rawValue: UInt32(bitPattern: clinux_CLONE_NEWNET))
    package static let users = Namespaces(rawValue: UInt32(bitPattern: clinux_CLONE_NEWUSER))
    package static let cgroup = Namespaces(rawValue: UInt32(bitPattern: clinux_CLONE_NEWCGROUP))
}

/// One thing the child does before it becomes the program.
package enum SpawnStep: Sendable {
    /// setns(2).
    case enterNamespace(SharedDescriptor, Namespaces)
    /// mount(2). For a bind mount the source is looked up when the step runs.
    case mount(source: String, target: FilePath, type: String, flags: MountFlags, data: String)
    /// move_mount(2): the mount becomes part of the child's tree. A mount can be attached once.
    case attach(DetachedMount, at: FilePath)
    /// mount_setattr(2): adds the attributes, to everything below `target` if `recursive`.
    case restrictMount(target: FilePath, MountAttributes, recursive: Bool)
    /// umount2(2) with MNT_DETACH.
    case detach(FilePath)
    /// pivot_root(2) onto a mount point; the old root is detached, the working directory is the new root.
    case pivotRoot(to: FilePath)
    /// mkdir(2); one that exists is fine.
    case makeDirectory(FilePath, permissions: FilePermissions)
    /// Makes an empty file to bind another on; one that exists is fine.
    case makeFile(FilePath)
    /// mknod(2) and chown(2): a character device, for its owner alone. Needs CAP_MKNOD, and a mount that allows devices.
    case makeDevice(FilePath, number: UInt64, user: UInt32, group: UInt32)
    case makeSymlink(saying: FilePath, at: FilePath)
    case changeDirectory(FilePath)
    /// Writes to a file of /proc/sys. One that this kernel does not have is fine.
    case setting(FilePath, String)
    /// proc_pid_oom_score_adj(5): from -1000, never, to 1000, first, whom the kernel kills when memory is out. Less than what it
    /// inherits needs CAP_SYS_RESOURCE. While /proc is there.
    package static func outOfMemoryScore(_ score: Int) -> SpawnStep { .setting("/proc/self/oom_score_adj", "\(score)") }
    /// sethostname(2), in a new ``Namespaces/hostName`` namespace.
    case hostName(String)
    /// setsid(2).
    case newSession
    /// umask(2).
    case fileModeMask(FilePermissions)
    /// setrlimit(2), soft and hard.
    case limit(ProcessLimit, UInt64)
    /// Empties the bounding and ambient capability sets: no later execve gives any back. Needs CAP_SETPCAP, so it comes
    /// before ``identity(user:group:supplementary:)``.
    case dropBoundingSet
    /// setgroups(2), setresgid(2), setresuid(2).
    case identity(user: UInt32, group: UInt32, supplementary: [UInt32])
    /// capset(2) to nothing.
    case clearCapabilities
    /// capset(2) and PR_CAP_AMBIENT_RAISE of prctl(2): the only capability left, through execve too, with an empty bounding set.
    case keepCapability(Capability)
    /// PR_SET_NO_NEW_PRIVS of prctl(2).
    case noNewPrivileges
    /// PR_SET_PDEATHSIG of prctl(2): the signal comes when the *thread* that spawned ends, see ``Spawner``.
    ///
    /// An identity change clears it, so it comes after that.
    case parentDeathSignal(CInt)
    /// seccomp(2): an array of `struct sock_filter`. It holds for the steps after it and must allow execve; without
    /// CAP_SYS_ADMIN it comes after ``noNewPrivileges``.
    case systemCallFilter([UInt8])
}

/// What a process may do: capabilities(7).
package enum Capability: CInt, Sendable {
    /// CAP_DAC_READ_SEARCH: reads files and enters directories whatever their modes, where it has their owners' user namespace.
    case readEverything = 2
}

/// Resources of setrlimit(2).
package enum ProcessLimit: Sendable, Hashable, CaseIterable {
    case coreFileBytes
    case fileBytes
    case lockedMemoryBytes
    case messageQueueBytes
    case openFiles
    case pendingSignals
    case processes
    case stackBytes
    case addressSpaceBytes
    /// SIGKILL comes then, to process 1 of a namespace too.
    case processorSeconds

    /// What this process may raise it to without CAP_SYS_RESOURCE.
    package var own: UInt64 {
        var limit = rlimit()
        return getrlimit(rawValue, &limit) == 0 ? UInt64(limit.rlim_max) : .max
    }

    var rawValue: CInt {
        switch self {
        case .coreFileBytes: CInt(RLIMIT_CORE.rawValue)
        case .fileBytes: CInt(RLIMIT_FSIZE.rawValue)
        case .lockedMemoryBytes: CInt(__RLIMIT_MEMLOCK.rawValue)
        case .messageQueueBytes: CInt(__RLIMIT_MSGQUEUE.rawValue)
        case .pendingSignals: CInt(__RLIMIT_SIGPENDING.rawValue)
        case .openFiles: CInt(RLIMIT_NOFILE.rawValue)
        case .processes: CInt(__RLIMIT_NPROC.rawValue)
        case .stackBytes: CInt(RLIMIT_STACK.rawValue)
        case .addressSpaceBytes: CInt(RLIMIT_AS.rawValue)
        case .processorSeconds: CInt(RLIMIT_CPU.rawValue)
        }
    }
}

/// Why a program could not be started; no process is left.
package struct SpawnError: Error, Sendable, CustomStringConvertible {
    package enum Stage: Sendable {
        /// What must be there before: /dev/null, the cgroup's files, the source of a bind.
        case preparation(of: FilePath)
        case clone
        case step(SpawnStep)
        /// Giving the child its descriptors.
        case descriptors
        case execution
        /// Neither the executable nor one of its alternatives is there.
        case search
    }

    package let executable: FilePath
    package let stage: Stage
    package let errno: Errno

    package var description: String {
        let what =
            switch stage {
            case .preparation(let path): "using \(path)"
            case .clone: "making the process"
            case .step(let step): "step \(step)"
            case .descriptors: "passing descriptors"
            case .execution: "executing it"
            case .search: "finding it or its alternatives"
            }
        return "cannot start \(executable): \(what) failed: \(errno)\(remedy.map { ". " + $0 } ?? "")"
    }

    private var remedy: String? {
        switch (stage, errno) {
        case (.execution, .noSuchFileOrDirectory):
            "Install it; if the file is there, its interpreter or dynamic loader is not inside the child's root."
        case (.clone, .resourceTemporarilyUnavailable): "A limit of processes is reached: raise pids.max or ulimit -u."
        case (.clone, .notPermitted), (.step, .notPermitted): "Run as root."
        default: nil
        }
    }
}
