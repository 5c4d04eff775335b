import GuestProtocol
import LinuxKit
import Sandboxes
import Snapshots
import SystemPackage

/// What a frozen sandbox and its clones have in common. Travels in the manifest.
struct Blueprint: Sendable {
    var root: FilePath
    var imageDigest: String
    var code: FilePath
    var limits: CellLimits
    var readyCall: ReadyCall

    /// Names of the files in a snapshot's directory.
    enum File {
        static let state = "state"
        static let memory = "memory"
        /// The memory of the layer that the function was started from.
        static let base = "base"
        /// What the function had written to /tmp.
        static let scratch = "scratch.erofs"
    }

    private enum Key {
        static let root = "root"
        static let imageDigest = "imageDigest"
        static let code = "code"
        static let memory = "memoryMegabytes"
        static let scratch = "scratchBytes"
        static let readyCall = "readyCall"
    }

    func manifest(_ host: HostTraits) -> EngineManifest {
        EngineManifest(
            isolation: IsolationLevel.process.rawValue, requirements: host.requirements,
            parameters: [
                Key.root: root.string, Key.imageDigest: imageDigest, Key.code: code.string,
                Key.memory: "\(limits.memoryMegabytes)", Key.scratch: "\(limits.scratchBytes)",
                Key.readyCall: "\(readyCall.rawValue)",
            ])
    }

    /// What a manifest says, checked against this host.
    init(_ snapshot: StoredSnapshot, host: HostTraits) throws(SandboxError) {
        do throws(SnapshotError) {
            try snapshot.checkFits(isolation: IsolationLevel.process.rawValue, host: host.requirements)
        } catch {
            throw .snapshotUnusable("\(error)")
        }
        let parameters = snapshot.manifest.snapshot.engine.parameters
        func text(_ key: String) throws(SandboxError) -> String {
            guard let value = parameters[key] else { throw .snapshotUnusable("its manifest lacks \(key)") }
            return value
        }
        func number<I: FixedWidthInteger>(_ key: String, in range: ClosedRange<I>) throws(SandboxError) -> I {
            guard let value = I(try text(key)), range.contains(value) else {
                throw .snapshotUnusable("its manifest has a senseless \(key)")
            }
            return value
        }
        guard let readyCall = ReadyCall(rawValue: try number(Key.readyCall, in: 0...255)) else {
            throw .snapshotUnusable("its manifest has a senseless \(Key.readyCall)")
        }
        self.init(
            root: FilePath(try text(Key.root)), imageDigest: try text(Key.imageDigest),
            code: FilePath(try text(Key.code)),
            limits: CellLimits(
                memoryMegabytes: try number(Key.memory, in: 64...1_048_576),
                scratchBytes: try number(Key.scratch, in: 0...1 << 40)),
            readyCall: readyCall)
    }

    init(root: FilePath, imageDigest: String, code: FilePath, limits: CellLimits, readyCall: ReadyCall) {
        self.root = root
        self.imageDigest = imageDigest
        self.code = code
        self.limits = limits
        self.readyCall = readyCall
    }
}
