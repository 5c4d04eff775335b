import Basics
import Foundation
import GuestProtocol
import LinuxKit
import Logging
import MicroVMEngine
import NIOPosix
import NetworkModel
import Sandboxes
import SlotNetwork
import Snapshots
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// The engine as it is, with scripted machines in place of QEMU's, one real network slot, and the means to look at what is left.
struct MicroVMFixture: Sendable {
    static let megabytes = 128

    let engine: MicroVMEngine
    let hypervisor: ScriptedHypervisor
    let clock: ManualClock
    let slots: SlotPool
    let store: SnapshotStore
    let directory: FilePath
    let cgroups: MachineCgroups

    /// Runs `body` with an engine whose guests are said to be emulated, and ends that on every path out.
    static func with<R>(
        machines: (FilePath) throws -> (any Hypervisor)? = { _ in nil }, _ body: (MicroVMFixture) async throws -> R
    ) async throws -> R {
        try await withScratchDirectory { directory in
            let fixture = try await MicroVMFixture(directory, try machines(directory))
            do {
                let result = try await body(fixture)
                await fixture.close()
                return result
            } catch {
                await fixture.close()
                throw error
            }
        }
    }

    /// - Parameter machines: what runs them, unless it is the script that plays QEMU.
    private init(_ directory: FilePath, _ machines: (any Hypervisor)?) async throws {
        self.directory = directory
        let instance = String(UInt32.random(in: .min ... .max), radix: 36)
        // One slot: whoever keeps it is found out by the next machine.
        var configuration = SlotConfiguration(count: 1, instance: instance, directory: directory.appending("slots"))
        configuration.egress = .none
        slots = try await SlotPool.open(configuration, host: try makeHostNamespace())
        store = try SnapshotStore(directory: directory.appending("snapshots"))
        for name in ["kernel", "initramfs", "root", "code"] {
            try DurableFile.write(name.utf8, to: directory.appending(name))
        }
        try OwnedDescriptor.open(directory.appending("scratch.ext4"), .readWrite, options: [.create]).setSize(8 << 20)
        try Directory.create(directory.appending("machines"))
        hypervisor = try ScriptedHypervisor()
        clock = ManualClock()
        cgroups = MachineCgroups(hierarchy: try .detect(), instance: instance)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        engine = MicroVMEngine(
            version: nil, directory: directory.appending("machines"),
            launcher: MachineLauncher(
                processor: VirtualProcessor(
                    virtualisation: .emulated, timeStampCounterKilohertz: 2_000_000, processor: "max"),
                slots: slots, cgroups: cgroups, hypervisor: machines ?? hypervisor,
                group: MultiThreadedEventLoopGroup.singleton,
                clock: clock, logger: logger))
    }

    private func close() async {
        await engine.shutdown()
        await slots.shutdown()
    }

    // MARK: - Sandboxes

    private var image: SandboxImage {
        SandboxImage(
            kernel: directory.appending("kernel"), initramfs: directory.appending("initramfs"),
            root: directory.appending("root"), digest: "test")
    }

    private func uniqueness() -> Uniqueness {
        Uniqueness(
            generation: 1, entropy: [UInt8](repeating: 7, count: Uniqueness.entropyLength), wallClockNanoseconds: 0,
            credentials: Credentials(
                authorizationToken: "token", accessKeyID: "id", secretAccessKey: "secret", sessionToken: "session",
                expiration: "2030-01-01T00:00:00Z"))
    }

    /// By the machines' time.
    func deadline(in limit: Duration) -> Deadline { Deadline(in: limit, from: clock.now) }

    func start(
        within limit: Duration = .seconds(5), output: @escaping OutputSink = { _ in }
    ) async throws(SandboxError) -> any Sandbox {
        try await engine.start(
            SandboxSpecification(
                id: .random(), isolation: .microvm, network: .isolated, image: image,
                codeImage: directory.appending("code"), memoryMegabytes: Self.megabytes,
                scratchImage: directory.appending("scratch.ext4"),
                initialization: Initialization(
                    arguments: ["/bootstrap"], environment: [], workingDirectory: "/var/task", isSnapStart: true,
                    uniqueness: uniqueness())), deadline: deadline(in: limit), output: output)
    }

    /// Starts one and ends it.
    func run(output: @escaping OutputSink = { _ in }) async throws(SandboxError) {
        await (try await start(output: output)).destroy()
    }

    func thaw(
        _ snapshot: SnapshotLease, within limit: Duration = .seconds(5), output: @escaping OutputSink = { _ in }
    ) async throws(SandboxError) -> any Sandbox {
        try await engine.thaw(
            snapshot, uniqueness: uniqueness(), network: .isolated, deadline: deadline(in: limit), output: output)
    }

    func stage() throws(SandboxError) -> SnapshotStaging {
        do throws(SnapshotError) { return try store.stage() } catch { throw .host("\(error)") }
    }

    /// A snapshot of a machine that did as it should.
    func snapshot(_ script: Script = Script(), within limit: Duration = .seconds(5)) async throws -> SnapshotLease {
        hypervisor.script = script
        let sandbox = try await start(within: limit)
        let staging = try store.stage()
        let frozen = try await sandbox.freeze(into: staging)
        return try await store.commit(
            staging,
            describing: SnapshotDescription(
                functionName: "test", functionVersion: "1", createdAt: Date(), codeSha256: "code", imageDigest: "test",
                engine: frozen.engine)
        ).on(image.basis(code: directory.appending("code")))
    }

    // MARK: - What is left

    func expectNothingLeft(
        _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let remains = try await remains()
        #expect(remains == [], comment, sourceLocation: sourceLocation)
    }

    /// Everything that machines have left, in words: sockets are waited for, the rest must be gone already.
    private func remains() async throws -> [String] {
        var remains = await hypervisor.over().map { "process \($0)" }
        for parent in ["/sys/fs/cgroup/memory/thaw", "/sys/fs/cgroup/thaw"] as [FilePath]
        where FileStatus.isDirectory(parent) {
            remains += try Directory.entries(parent).filter { $0.hasPrefix("\(cgroups.instance)-") }
                .map { "cgroup \($0)" }
        }
        remains += try Directory.entries(directory.appending("machines")).map { "file \($0)" }
        return remains
    }
}
