import Basics
import Foundation
import GuestProtocol
import LinuxKit
import Logging
import NetworkModel
import ProcessEngine
import Sandboxes
import SlotNetwork
import Snapshots
import Synchronization
import SystemPackage
import TestSupport

/// A process engine of its own with everything a function needs, and the means to look at what it leaves.
struct EngineFixture: Sendable {
    static let megabytes = 128
    static let scratchMegabytes = 8

    let engine: ProcessEngine
    let slots: SlotPool
    let store: SnapshotStore
    let directory: FilePath
    let instance: String

    /// Runs `body` with a fresh engine, and ends that on every path out.
    static func with<R>(
        readyCells: Int = 4, templateBytes: UInt64? = nil, usesSeeds: Bool = true,
        _ body: (EngineFixture) async throws -> R
    ) async throws -> R {
        try await withScratchDirectory { directory in
            try await with(
                in: directory, readyCells: readyCells, templateBytes: templateBytes, usesSeeds: usesSeeds, body)
        }
    }

    /// The same over a directory that another one may have been in.
    static func with<R>(
        in directory: FilePath, readyCells: Int = 4, templateBytes: UInt64? = nil, usesSeeds: Bool = true,
        _ body: (EngineFixture) async throws -> R
    ) async throws -> R {
        var options = ProcessEngine.Options()
        options.readyCells = readyCells
        options.templateBytes = templateBytes
        let fixture = try await EngineFixture(directory, options, usesSeeds: usesSeeds)
        do {
            let result = try await body(fixture)
            await fixture.close()
            return result
        } catch {
            await fixture.close()
            throw error
        }
    }

    private init(_ directory: FilePath, _ options: ProcessEngine.Options, usesSeeds: Bool) async throws {
        self.directory = directory
        instance = String(UInt32.random(in: .min ... .max), radix: 36)
        // For 40 sandboxes at a time, and the cells that are built ahead meanwhile.
        var configuration = SlotConfiguration(
            count: 48, instance: instance, directory: directory.appending("slots"))
        configuration.egress = .none
        // In a host's network of its own: tests leave this one's alone.
        slots = try await SlotPool.open(configuration, host: try makeHostNamespace())
        store = try SnapshotStore(directory: directory.appending("snapshots"))
        if !FileStatus.exists(directory.appending("restorer")) { try await Self.makeImages(in: directory) }
        let place = directory.appending("sandboxes")
        try Directory.create(place, existingIsFine: true)
        engine = try await ProcessEngine.make(
            directory: place, instance: instance, slots: slots,
            programs: ProcessEngine.Programs(
                restorer: directory.appending("restorer"), workshop: BuiltProgram.workshop),
            seeds: usesSeeds ? try SnapshotStore(directory: place.appending("seeds")) : nil, options: options,
            logger: Logger(label: "test"))
        try await engine.sweep()
    }

    func close() async {
        await engine.shutdown()
        await slots.shutdown()
    }

    // MARK: - Images

    private static let program = Task {
        try await withScratchDirectory { directory in
            try SmallFile.bytes(
                try await CProgram.build(TestFunction.source, in: directory, flags: ["-static", "-w"]), limit: 1 << 24)
        }
    }
    private static let restorer = Task {
        try await withScratchDirectory { directory in
            let file = directory.appending("restorer")
            let script = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../../Sources/Restorer/build").standardized.path
            try await Self.run("/bin/bash", [script, file.string])
            return try SmallFile.bytes(file, limit: 1 << 24)
        }
    }

    private static func makeImages(in directory: FilePath) async throws {
        try DurableFile.write(
            try await restorer.value, to: directory.appending("restorer"), permissions: .init(rawValue: 0o755))
        let root = directory.appending("root-tree")
        try Directory.create(root)
        for name in ["dev", "opt", "proc", "sys", "tmp", "var", "var/task"] {
            try Directory.create(root.appending(name))
        }
        try DurableFile.write(
            try await program.value, to: root.appending("bootstrap"), permissions: .init(rawValue: 0o755))
        let code = directory.appending("code-tree")
        try Directory.create(code)
        try DurableFile.write("the code".utf8, to: code.appending("handler"))
        for name in ["root", "code"] {
            try await run(
                "/usr/bin/mkfs.erofs",
                ["--quiet", "--all-root", "\(directory)/\(name).erofs", "\(directory)/\(name)-tree"])
        }
        try OwnedDescriptor.open(directory.appending("scratch.ext4"), .readWrite, options: [.create])
            .setSize(Int64(scratchMegabytes) << 20)
    }

    private static func run(_ executable: FilePath, _ arguments: [String]) async throws {
        var plan = SpawnPlan(
            executable: executable, arguments: [executable.string] + arguments,
            environment: ["PATH": "/usr/bin:/bin", "TMPDIR": "/tmp"])
        let output = try OwnedDescriptor.memoryFile(named: "output").shared()
        plan.descriptors = [1: output, 2: output]
        let exit = try await BlockingThread.run { [plan] in try plan.spawn() }.wait()
        guard exit?.reason == .exited(status: 0) else {
            let number = output.withRaw { $0 }
            throw Lines.Missing(description: try SmallFile.text(FilePath("/proc/self/fd/\(number)")))
        }
    }

    // MARK: - Sandboxes

    static let seed = SeedRecipe(
        arguments: ["/bootstrap", "--seed"], environment: ["LANG": "C"], startVariables: ["LANG", "LD_*"])

    private var image: SandboxImage {
        SandboxImage(kernel: "/none", initramfs: "/none", root: directory.appending("root.erofs"), digest: "test")
    }

    func specification(
        _ mode: String = "", memory: Int = megabytes, environment: [String: String] = ["LANG": "C", "NAME": "value"],
        seed: SeedRecipe? = nil
    ) -> SandboxSpecification {
        SandboxSpecification(
            id: .random(), isolation: .process, network: .isolated,
            image: image,
            codeImage: directory.appending("code.erofs"), memoryMegabytes: memory,
            scratchImage: directory.appending("scratch.ext4"),
            initialization: Initialization(
                arguments: ["/bootstrap", mode], environment: environment.map { EnvironmentVariable($0.key, $0.value) },
                workingDirectory: "/var/task", isSnapStart: !mode.contains("plain") || mode.contains("snap"),
                uniqueness: uniqueness()),
            seed: seed)
    }

    func uniqueness() -> Uniqueness {
        Uniqueness(
            generation: UInt64.random(in: 1...1 << 52), entropy: (0..<64).map { _ in UInt8.random(in: 0...255) },
            wallClockNanoseconds: WallClock.now(),
            credentials: Credentials(
                authorizationToken: "token", accessKeyID: "id", secretAccessKey: "secret", sessionToken: "session",
                expiration: "2030-01-01T00:00:00Z"))
    }

    func start(_ mode: String = "", output: CollectedOutput = .init()) async throws -> any Sandbox {
        try await start(specification(mode), output: output)
    }

    func start(
        _ specification: SandboxSpecification, output: CollectedOutput = .init()
    ) async throws -> any Sandbox {
        try await engine.start(specification, deadline: Deadline(in: .seconds(20)), output: output.sink)
    }

    func snapshot(_ mode: String = "") async throws -> SnapshotLease { try await snapshot(of: try await start(mode)) }

    func snapshot(of sandbox: any Sandbox) async throws -> SnapshotLease {
        let staging = try store.stage()
        let frozen = try await sandbox.freeze(into: staging)
        return try await store.commit(
            staging,
            describing: SnapshotDescription(
                functionName: "test", functionVersion: "1", createdAt: Date(), codeSha256: "code", imageDigest: "test",
                engine: frozen.engine)
        ).on(image.basis(code: directory.appending("code.erofs")))
    }

    func thaw(
        _ snapshot: SnapshotLease, within limit: Duration = .seconds(20), output: CollectedOutput = .init()
    ) async throws -> any Sandbox {
        try await engine.thaw(
            snapshot, uniqueness: uniqueness(), network: .isolated, deadline: Deadline(in: limit), output: output.sink)
    }

    // MARK: - What is there

    /// Processes in cgroups of this engine.
    func processes() throws -> [CInt] {
        try cgroups().flatMap { directory in
            try SmallFile.text(directory.appending("cgroup.procs")).split(separator: "\n").compactMap { CInt($0) }
        }
    }

    /// Cgroups of this engine, in the hierarchy of the memory controller.
    func cgroups() throws -> [FilePath] {
        for parent in ["/sys/fs/cgroup/memory/thaw", "/sys/fs/cgroup/thaw"] as [FilePath]
        where FileStatus.isDirectory(parent) {
            return try Directory.entries(parent).filter { $0.hasPrefix("process-\(instance)-") }
                .map { parent.appending($0) }
        }
        return []
    }

    /// The functions' processes.
    func clones() throws -> [CInt] {
        let templates = try templateProcesses()
        return try processes().filter { pid in
            try !templates.contains(pid) && SmallFile.text(FilePath("/proc/\(pid)/comm")) == "bootstrap\n"
        }
    }

    func templateProcesses() throws -> [CInt] {
        guard let templates = try cgroups().first(where: { $0.string.hasSuffix("-templates") }) else { return [] }
        return try SmallFile.text(templates.appending("cgroup.procs")).split(separator: "\n").compactMap { CInt($0) }
    }
}

/// What a sandbox has written.
final class CollectedOutput: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    var sink: OutputSink { { output in self.bytes.withLock { $0 += output.bytes } } }
    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
}

extension Sandbox {
    /// Has the function do what `command` says; its answer.
    func ask(_ command: String, within limit: Duration = .seconds(20)) async throws -> String {
        let invocation = Invocation(
            requestID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd", deadlineMilliseconds: 0, invokedFunctionARN: "arn",
            payload: Array(command.utf8))
        let result = try await invoke(invocation, deadline: Deadline(in: limit))
        _ = try await waitUntilIdle()
        switch result {
        case .response(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .streamed: return "streamed"
        case .error(let failure): return "error \(failure.errorType)"
        }
    }
}
