import CProcessImage
import Glibc
import LinuxKit
import ProcessImages
import SystemPackage
import TestSupport
import Testing

/// What the engine does around the restorer, as little of it as makes a clone.
final class TestTemplate {
    struct Failure: Error, CustomStringConvertible { let description: String }

    private let process: ChildProcess
    private let socket: SharedDescriptor

    static let user: UInt32 = 993
    static let group: UInt32 = 990

    init(_ image: ProcessImage, restorer: FilePath, words: [String] = []) throws {
        let (ours, theirs) = try Packets.pair()
        var plan = SpawnPlan(executable: restorer, arguments: ["restorer", "template"] + words)
        plan.namespaces = [.mount]
        plan.steps = [
            .mount(source: "", target: "/", type: "", flags: [.private, .recursive], data: ""),
            .parentDeathSignal(SIGKILL),
        ]
        plan.descriptors = [3: theirs, 4: try image.sealedState().shared(), 5: image.memory]
        if let base = image.base { plan.descriptors[6] = base }
        process = try plan.spawn()
        socket = ours
        let answer = try Packets.receive(from: socket)
        guard answer.bytes.first == UInt8(THAW_TEMPLATE_READY.rawValue) else { throw Self.failure(answer.bytes) }
    }

    /// A clone that runs. `connection` stands where the frozen one had its Runtime API.
    func clone(
        connection: SharedDescriptor? = nil, in cgroup: Cgroup? = nil, ownsScratch: Bool = false
    ) throws -> TestClone {
        let holder = try Self.startHolder()
        let control = try Packets.pair()
        let output = try OwnedDescriptor.pipe().take { ($0.shared(), $1.shared()) }
        let null = try OwnedDescriptor.open("/dev/null", .readWrite).shared()
        let connection = connection ?? null
        var request = thaw_clone_request()
        request.kind = THAW_CLONE.rawValue
        request.user = Self.user
        request.group = Self.group
        let entrance = try cgroup?.openEntrance()
        if entrance?.birthplace != nil { request.flags = THAW_CLONE_INTO_CGROUP.rawValue }
        request.cgroup_files = UInt32(entrance?.files.count ?? 0)
        if ownsScratch {
            request.flags |= THAW_CLONE_FRESH_SCRATCH.rawValue
            request.scratch_bytes = 64 << 20
        }
        try Packets.send(
            request, [control.1, holder.pidfd, output.1, output.1, connection] + (entrance?.descriptors ?? []),
            to: socket)
        let answer = try Packets.receive(from: socket)
        let reply = answer.bytes.withUnsafeBytes {
            $0.count < MemoryLayout<thaw_clone_reply>.size ? nil : $0.loadUnaligned(as: thaw_clone_reply.self)
        }
        guard let reply, reply.kind == THAW_CLONED.rawValue, reply.pid > 0, let clonePidfd = answer.descriptors.first
        else { throw Self.failure(answer.bytes) }
        return TestClone(
            pid: reply.pid, pidfd: clonePidfd, holder: holder, control: control.0, output: output.0,
            outputInode: try FileStatus.of(output.1.descriptor).inode)
    }

    private static func startHolder() throws -> ChildProcess {
        var plan = SpawnPlan(executable: try TestRestorer.path(), arguments: ["restorer", "init"])
        plan.namespaces = [.users, .processes, .ipc, .hostName, .network]
        plan.steps = [.parentDeathSignal(SIGKILL)]
        let holder = try plan.spawn()
        try SmallFile.set(FilePath("/proc/\(holder.pid)/uid_map"), to: "\(user) 1900100000 1\n")
        try SmallFile.set(FilePath("/proc/\(holder.pid)/gid_map"), to: "\(group) 1900100000 1\n")
        let network = try OwnedDescriptor.open(FilePath("/proc/\(holder.pid)/ns/net"), .readOnly).shared()
        try NetworkNamespace.run(in: network) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try netlink.bringUp(try netlink.link(named: "lo"))
        }
        return holder
    }

    static func failure(_ bytes: [UInt8]) -> Failure {
        guard bytes.count >= MemoryLayout<thaw_failure>.size else {
            return Failure(description: "the restorer answered \(bytes)")
        }
        let failure = bytes.withUnsafeBytes { $0.loadUnaligned(as: thaw_failure.self) }
        return Failure(
            description: "step \(failure.step), error \(failure.error), detail 0x\(String(failure.detail, radix: 16))")
    }
}

/// A clone, killed with everything around it when the last reference goes.
final class TestClone {
    let pid: CInt
    let output: SharedDescriptor
    private let pidfd: SharedDescriptor
    private let holder: ChildProcess
    private let control: SharedDescriptor
    private let outputInode: UInt64

    init(
        pid: CInt, pidfd: SharedDescriptor, holder: ChildProcess, control: SharedDescriptor, output: SharedDescriptor,
        outputInode: UInt64
    ) {
        self.pid = pid
        self.pidfd = pidfd
        self.holder = holder
        self.control = control
        self.outputInode = outputInode
        self.output = output
    }

    deinit {
        try? holder.signal(SIGKILL)
        var information = siginfo_t()
        _ = pidfd.withRaw { waitid(idtype_t(3), id_t($0), &information, WEXITED) }
    }

    /// Lets it run once it is ready to.
    func wake() throws {
        let parked = try Packets.receive(from: control)
        guard parked.bytes.first == UInt8(THAW_PARKED.rawValue), parked.bytes.count == 4 else {
            throw TestTemplate.failure(parked.bytes)
        }
        var wake = thaw_wake()
        wake.kind = THAW_WAKE.rawValue
        try Packets.send(wake, [], to: control)
    }

    func line() throws -> String { try Lines.next(from: output.descriptor) }

    func poke(_ signal: CInt = SIGUSR1) throws -> String {
        kill(pid, signal)
        return try line()
    }

    func target(origin: ProcessImage) throws -> FreezeTarget {
        FreezeTarget(
            pid: pid, initPID: holder.pid, standardOutput: outputInode, standardError: outputInode, runtimeAPIPort: nil,
            namespace: try OwnedDescriptor.open(FilePath("/proc/\(pid)/ns/net"), .readOnly).shared(), origin: origin)
    }
}
