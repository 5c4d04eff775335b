import Basics
import Foundation
import LinuxKit
import MicroVMEngine
import Sandboxes
import Snapshots
import SystemPackage
import TestSupport
import Testing

/// The driver of Firecracker, whose process a script plays: real jails, sockets and requests, and a guest that connects.
@Suite(.requiresRoot, .serialized, .timeLimit(.minutes(3))) struct FirecrackerTests {
    /// Python takes a moment to start where much else runs.
    private static let patience = Duration.seconds(60)

    private static func machines(departing: (path: String, deed: String)? = nil) -> (FilePath) throws -> Firecracker {
        { directory in
            let source = URL(filePath: #filePath).appending(path: "../../../Support_py/scripted_firecracker.py")
                .standardized
            let departure = departing.map { #"{"\#($0.path)": "\#($0.deed)"}"# } ?? "{}"
            let script = try String(contentsOf: source, encoding: .utf8)
                .replacing("DEPARTURE = {}", with: "DEPARTURE = \(departure)")
            let program = directory.appending("firecracker")
            try DurableFile.write(script.utf8, to: program)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.string)
            return Firecracker(program: program, spawner: try Spawner())
        }
    }

    @Test("boot, freeze, thaw and invoke; then clones that have been made ready")
    func roundTrip() async throws {
        try await MicroVMFixture.with(machines: Self.machines()) { fixture in
            let snapshot = try await fixture.snapshot(within: Self.patience)
            #expect(snapshot.manifest.snapshot.engine.parameters["firecracker"] == "1.12.1")
            for ready in 0...1 {
                #expect(await fixture.engine.keepReady(ready, of: snapshot) == nil)
                let clone = try await fixture.thaw(snapshot, within: Self.patience)
                #expect(
                    try await clone.invoke(.example, deadline: fixture.deadline(in: Self.patience))
                        == .response(Array("{}".utf8)))
                #expect(try await clone.waitUntilIdle() == 1 << 20)
                #expect(clone.isUsable)
                await clone.destroy()
                _ = await fixture.engine.keepReady(0, of: snapshot)
                try await fixture.expectNothingLeft()
            }
        }
    }

    @Test(
        "a machine that fails on its way up leaves nothing",
        arguments: [
            ("/version", "refuses"), ("/machine-config", "refuses"), ("/drives/scratch", "dies"), ("/vsock", "garbles"),
            ("/actions", "refuses"), ("/actions", "vanishes"),
        ])
    func boot(path: String, deed: String) async throws {
        try await MicroVMFixture.with(machines: Self.machines(departing: (path, deed))) { fixture in
            let error = await #expect(throws: SandboxError.self) { try await fixture.start(within: Self.patience) }
            #expect(error.map(Outcome.init) == .host, "\(String(describing: error))")
            try await fixture.expectNothingLeft()
        }
    }

    @Test("a freeze that fails ends the machine", arguments: [("/snapshot/create", "refuses"), ("/vm", "dies")])
    func freeze(path: String, deed: String) async throws {
        try await MicroVMFixture.with(machines: Self.machines(departing: (path, deed))) { fixture in
            let error = await #expect(throws: SandboxError.self) { try await fixture.snapshot(within: Self.patience) }
            #expect(error.map(Outcome.init) == .lost(.freeze), "\(String(describing: error))")
            try await fixture.expectNothingLeft()
        }
    }

    @Test("a clone that does not load its state is the snapshot's fault", arguments: ["refuses", "dies"])
    func load(deed: String) async throws {
        try await MicroVMFixture.with(machines: Self.machines(departing: ("/snapshot/load", deed))) { fixture in
            let snapshot = try await fixture.snapshot(within: Self.patience)
            let error = await #expect(throws: SandboxError.self) {
                try await fixture.thaw(snapshot, within: Self.patience)
            }
            #expect(error.map(Outcome.init) == .snapshotUnusable, "\(String(describing: error))")
            try await fixture.expectNothingLeft()
        }
    }
}
