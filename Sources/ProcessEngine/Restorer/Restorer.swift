import Crypto
import LinuxKit
import Sandboxes
import SystemPackage

/// The program that is process 1 of sandboxes, and templates of snapshots. See Sources/Restorer.
struct Restorer: Sendable {
    private static let maximumSize = 16 << 20

    private let path: FilePath
    private let program: SharedDescriptor
    /// SHA-256, in hex.
    let digest: String

    /// Reads the program once: replacing the file under a running server changes nothing. Blocks.
    init(at path: FilePath) throws(SandboxError) {
        self.path = path
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.bytes(path, limit: Self.maximumSize)
        } catch {
            throw .host("cannot read the restorer at \(path): \(error). Run `make build`, or reinstall Thaw")
        }
        program = try hostCall("make a file in memory") {
            let copy = try OwnedDescriptor.memoryFile(named: "thaw-restorer")
            try copy.writeAll(bytes)
            // A file that somebody can write to is not executed.
            let number = copy.withRaw { $0 }
            return try OwnedDescriptor.open(FilePath("/proc/self/fd/\(number)"), .readOnly).shared()
        }
        digest = SHA256.hash(data: bytes).hexadecimal
    }

    func plan(arguments: [String]) -> SpawnPlan {
        var plan = SpawnPlan(executable: path, arguments: ["restorer"] + arguments)
        plan.program = program
        return plan
    }
}
