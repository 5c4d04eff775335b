import GuestProtocol
import LinuxKit
import Sandboxes
import Snapshots
import SystemPackage

/// What template and clones have in common: how to build the same machine again. Travels in the manifest.
struct MachineDescription: Sendable {
    var image: SandboxImage
    /// Nil: the root has the code.
    var codeImage: FilePath?
    var layersImage: FilePath?
    var memoryMegabytes: Int

    /// Names of the files in a snapshot's directory.
    enum File {
        static let memory = "memory"
        static let state = "state"
    }

    private enum Key {
        static let imageDigest = "imageDigest"
        static let memory = "memoryMegabytes"
        static let readyCall = "readyCall"
        static let timeStampCounter = "timeStampCounterKilohertz"
    }

    func manifest(
        _ processor: VirtualProcessor, hypervisor: any Hypervisor, version: String, readyCall: ReadyCall
    ) -> EngineManifest {
        EngineManifest(
            isolation: IsolationLevel.microvm.rawValue, requirements: processor.requirements,
            parameters: [
                Key.imageDigest: image.digest, Key.memory: "\(memoryMegabytes)", Key.readyCall: "\(readyCall.rawValue)",
                hypervisor.manifestKey: version,
                Key.timeStampCounter: "\(processor.timeStampCounterKilohertz)",
            ])
    }

    /// What a manifest says, checked against this host.
    struct Reading: Sendable {
        var machine: MachineDescription
        var readyCall: ReadyCall
        var version: String
    }

    /// What speaks against a snapshot before its image and its code have been found. A hypervisor that changes under a running server
    /// is found out when it is started.
    static func refusal(
        of manifest: SnapshotManifest, on processor: VirtualProcessor, hypervisor: any Hypervisor, version: String?
    ) -> String? {
        do throws(SnapshotError) {
            try manifest.checkFits(isolation: IsolationLevel.microvm.rawValue, host: processor.requirements)
        } catch {
            return "\(error)"
        }
        let taken = manifest.snapshot.engine.parameters[hypervisor.manifestKey]
        guard let taken else { return "it was not taken with \(hypervisor.name), which this server runs machines with" }
        guard let version, taken != version else { return nil }
        return takenWith(hypervisor, taken, here: version)
    }

    /// State is read by the version that wrote it.
    static func takenWith(_ hypervisor: any Hypervisor, _ version: String, here: String) -> String {
        "it was taken with \(hypervisor.name) \(version), this host has \(here)"
    }

    static func read(
        _ snapshot: SnapshotLease, on processor: VirtualProcessor, hypervisor: any Hypervisor
    ) throws(SandboxError) -> Reading {
        let manifest = try ManifestReader(snapshot, isolation: .microvm, requirements: processor.requirements)
        let frequency = try manifest.number(Key.timeStampCounter, in: 1...100_000_000 as ClosedRange<UInt64>)
        guard processor.matches(timeStampCounterKilohertz: frequency) else {
            throw .snapshotUnusable("it was taken with a clock of \(frequency) kHz, which this host does not have")
        }
        let readyCall = try manifest.readyCall(Key.readyCall)
        let basis = manifest.basis
        let machine = MachineDescription(
            image: SandboxImage(
                kernel: basis.kernel, initramfs: basis.initramfs, root: basis.root,
                digest: try manifest.text(Key.imageDigest)),
            codeImage: basis.code, layersImage: basis.layers,
            memoryMegabytes: try manifest.number(Key.memory, in: 64...1_048_576))
        return Reading(machine: machine, readyCall: readyCall, version: try manifest.text(hypervisor.manifestKey))
    }
}

extension Hypervisor {
    /// The parameter of a manifest that says with which version the snapshot was taken.
    fileprivate var manifestKey: String { name.lowercased() }
}
