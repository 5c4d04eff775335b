package import GuestProtocol
package import Snapshots
package import SystemPackage

/// Reads back what an engine wrote into the manifest of a snapshot. Nothing in it is believed before it has been checked.
package struct ManifestReader {
    private let parameters: [String: String]

    /// Refuses a snapshot that another engine took, or that a host took which differs in one of `requirements`.
    package init(
        _ snapshot: StoredSnapshot, isolation: IsolationLevel, requirements: [String: String]
    ) throws(SandboxError) {
        do throws(SnapshotError) {
            try snapshot.checkFits(isolation: isolation.rawValue, host: requirements)
        } catch {
            throw .snapshotUnusable("\(error)")
        }
        parameters = snapshot.manifest.snapshot.engine.parameters
    }

    package func text(_ key: String) throws(SandboxError) -> String {
        guard let value = parameters[key] else { throw .snapshotUnusable("its manifest lacks \(key)") }
        return value
    }

    package func path(_ key: String) throws(SandboxError) -> FilePath { FilePath(try text(key)) }

    package func optionalPath(_ key: String) -> FilePath? { parameters[key].map { FilePath($0) } }

    package func number<I: FixedWidthInteger>(_ key: String, in range: ClosedRange<I>) throws(SandboxError) -> I {
        guard let value = I(try text(key)), range.contains(value) else { throw senseless(key) }
        return value
    }

    package func readyCall(_ key: String) throws(SandboxError) -> ReadyCall {
        guard let call = ReadyCall(rawValue: try number(key, in: 0...255)) else { throw senseless(key) }
        return call
    }

    private func senseless(_ key: String) -> SandboxError { .snapshotUnusable("its manifest has a senseless \(key)") }
}
