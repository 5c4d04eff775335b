import GuestProtocol
import LinuxKit
import Sandboxes
import Snapshots
import SystemPackage

/// What template and clones have in common: how to build the same machine again. Travels in the manifest.
struct Blueprint: Sendable {
    var image: SandboxImage
    var codeImage: FilePath
    var memoryMegabytes: Int

    /// Names of the files in a snapshot's directory.
    enum File {
        static let memory = "memory"
        static let state = "state"
        /// What the frozen sandbox wrote to /tmp, over the pristine image.
        static let scratch = "scratch.qcow2"
        /// The pristine /tmp the sandbox was booted with.
        static let pristineScratch = "scratch.ext4"
    }

    private enum Key {
        static let kernel = "kernel"
        static let initramfs = "initramfs"
        static let root = "root"
        static let imageDigest = "imageDigest"
        static let code = "code"
        static let memory = "memoryMegabytes"
        static let readyCall = "readyCall"
        static let qemu = "qemu"
        static let timeStampCounter = "timeStampCounterKilohertz"
    }

    func manifest(_ host: HostTraits, qemuVersion: String, readyCall: ReadyCall) -> EngineManifest {
        EngineManifest(
            isolation: IsolationLevel.microvm.rawValue, requirements: host.requirements,
            parameters: [
                Key.kernel: image.kernel.string, Key.initramfs: image.initramfs.string, Key.root: image.root.string,
                Key.imageDigest: image.digest, Key.code: codeImage.string, Key.memory: "\(memoryMegabytes)",
                Key.readyCall: "\(readyCall.rawValue)", Key.qemu: qemuVersion,
                Key.timeStampCounter: "\(host.timeStampCounterKilohertz)",
            ])
    }

    /// What a manifest says, checked against this host.
    struct Reading: Sendable {
        var blueprint: Blueprint
        var readyCall: ReadyCall
        var qemuVersion: String
    }

    static func read(_ snapshot: StoredSnapshot, host: HostTraits) throws(SandboxError) -> Reading {
        do throws(SnapshotError) {
            try snapshot.checkFits(isolation: IsolationLevel.microvm.rawValue, host: host.requirements)
        } catch {
            throw .snapshotUnusable("\(error)")
        }
        let parameters = snapshot.manifest.snapshot.engine.parameters
        func text(_ key: String) throws(SandboxError) -> String {
            guard let value = parameters[key] else { throw .snapshotUnusable("its manifest lacks \(key)") }
            return value
        }
        func path(_ key: String) throws(SandboxError) -> FilePath { FilePath(try text(key)) }
        func number<I: FixedWidthInteger>(_ key: String, in range: ClosedRange<I>) throws(SandboxError) -> I {
            guard let value = I(try text(key)), range.contains(value) else {
                throw .snapshotUnusable("its manifest has a senseless \(key)")
            }
            return value
        }
        let frequency = try number(Key.timeStampCounter, in: 1...100_000_000 as ClosedRange<UInt64>)
        guard host.matches(timeStampCounterKilohertz: frequency) else {
            throw .snapshotUnusable("it was taken with a clock of \(frequency) kHz, which this host does not have")
        }
        guard let readyCall = ReadyCall(rawValue: try number(Key.readyCall, in: 0...255)) else {
            throw .snapshotUnusable("its manifest has a senseless \(Key.readyCall)")
        }
        let blueprint = Blueprint(
            image: SandboxImage(
                kernel: try path(Key.kernel), initramfs: try path(Key.initramfs), root: try path(Key.root),
                digest: try text(Key.imageDigest)),
            codeImage: try path(Key.code), memoryMegabytes: try number(Key.memory, in: 64...1_048_576))
        return Reading(blueprint: blueprint, readyCall: readyCall, qemuVersion: try text(Key.qemu))
    }
}
