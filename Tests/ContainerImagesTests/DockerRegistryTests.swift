import ContainerImages
import Glibc
import LinuxKit
import SystemPackage
import TestSupport
import Testing

/// Debian's own registry and tool.
@Suite(.requiresRoot, .requiresFile("/usr/bin/docker-registry", "run `apt-get install docker-registry skopeo`"))
struct DockerRegistryTests {
    private static func run(_ arguments: [String], in directory: FilePath) async throws {
        var plan = SpawnPlan(
            executable: FilePath(arguments[0]), arguments: arguments,
            environment: ["PATH": "/usr/bin:/bin", "HOME": directory.string, "TMPDIR": directory.string])
        let output = try OwnedDescriptor.memoryFile(named: "output").shared()
        plan.descriptors[1] = output
        plan.descriptors[2] = output
        let exit = try await plan.spawn().wait()
        guard exit?.reason == .exited(status: 0) else {
            _ = try syscall { output.withRaw { lseek($0, 0, SEEK_SET) } }
            throw Lines.Missing(description: String(decoding: try output.descriptor.readAll(), as: UTF8.self))
        }
    }

    /// - Returns: what it says, which ends when it does.
    private static func start(_ configuration: FilePath) throws -> (ChildProcess, SharedDescriptor) {
        var plan = SpawnPlan(
            executable: "/usr/bin/docker-registry", arguments: ["docker-registry", "serve", configuration.string],
            environment: ["PATH": "/usr/bin:/bin", "OTEL_TRACES_EXPORTER": "none"])
        let ends = try OwnedDescriptor.pipe().take { [$0.shared(), $1.shared()] }
        plan.descriptors[1] = ends[1]
        plan.descriptors[2] = ends[1]
        return (try plan.spawn(), ends[0])
    }

    /// - Parameter body: gets the registry's host.
    private static func withRegistry<R>(in scratch: FilePath, _ body: (String) async throws -> R) async throws -> R {
        let file = scratch.appending("registry.yml")
        let text = """
            version: 0.1
            storage: {filesystem: {rootdirectory: \(scratch.appending("registry"))}}
            http: {addr: "127.0.0.1:0"}
            """
        try DurableFile.write(text.utf8, to: file)
        let (child, output) = try start(file)
        do {
            var host: String?
            while host == nil {
                let line = try Lines.next(from: output.descriptor, atMost: .seconds(60))
                host = line.split(separator: "listening on ").dropFirst().first.map {
                    String($0.prefix { $0 != "\"" && $0 != "," && $0 != " " })
                }
            }
            // It would stop where nobody reads what it says.
            async let rest: Void = BlockingThread.run { () throws(Never) in
                while let piece = try? output.descriptor.read(upTo: 65_536), !piece.isEmpty {}
            }
            let outcome: Result<R, any Error>
            do { outcome = .success(try await body(try #require(host))) } catch { outcome = .failure(error) }
            _ = await child.end()
            await rest
            return try outcome.get()
        } catch {
            _ = await child.end()
            throw error
        }
    }

    @Test("what skopeo has put into Debian's registry comes out of it: zstd, Docker's manifests, archives")
    func pulled() async throws {
        let image = TestImage.sample("from a registry")
        try await withStore { store, scratch in
            let layout = scratch.appending("layout")
            try TestImage.write([image], index: TestImage.index([image.entry(nil, tag: "1")]), to: layout)
            try await Self.withRegistry(in: scratch) { host in
                for (tag, options) in [
                    ("oci", []), ("docker", ["--format=v2s2"]),
                    ("zstd", ["--dest-compress", "--dest-compress-format=zstd"]),
                ] {
                    try await Self.run(
                        ["/usr/bin/skopeo", "copy", "--insecure-policy", "--dest-tls-verify=false"] + options
                            + ["oci:\(layout):1", "docker://\(host)/team/app:\(tag)"], in: scratch)
                    let found = try await store.resolve(try ImageReference(parsing: "\(host)/team/app:\(tag)"))
                    let root = try await store.root(of: found) { _ in }
                    #expect(try text("hello", in: root) == "from a registry", "\(tag)")
                    #expect(found.configuration.labels == ["k": "v"])
                }
                let error = try await #require(throws: ContainerImageError.self) {
                    try await store.resolve(try ImageReference(parsing: "\(host)/team/app:none"))
                }
                #expect(error.code == .notFound)
            }
            for (kind, tag) in [("docker-archive", ":a:1"), ("oci-archive", ":1")] {
                let archive = scratch.appending("\(kind).tar")
                try await Self.run(
                    ["/usr/bin/skopeo", "copy", "--insecure-policy", "oci:\(layout):1", "\(kind):\(archive)\(tag)"],
                    in: scratch)
                let saved = try await store.resolve(try ImageReference(parsing: "\(kind):\(archive)"))
                let root = try await store.root(of: saved) { _ in }
                #expect(try text("hello", in: root) == "from a registry", "\(kind)")
            }
        }
    }
}
