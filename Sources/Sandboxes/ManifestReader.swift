package import GuestProtocol
package import Snapshots

/// Reads back what an engine wrote into the manifest of a snapshot. Nothing in it is believed before it has been checked.
package struct ManifestReader {
    private let parameters: [String: String]
    /// Where the files are that the manifest names by digests.
    package let basis: SnapshotBasis

    /// Refuses a snapshot that another engine took, or that a host took which differs in one of `requirements`.
    package init(
        _ snapshot: SnapshotLease, isolation: IsolationLevel, requirements: [String: String]
    ) throws(SandboxError) {
        try wrapping(.snapshotUnusable) {
            try snapshot.manifest.checkFits(isolation: isolation.rawValue, host: requirements)
        }
        guard let basis = snapshot.basis else {
            throw .snapshotUnusable("nobody has said where the image is that it was taken on")
        }
        self.basis = basis
        parameters = snapshot.manifest.snapshot.engine.parameters
    }

    package func text(_ key: String) throws(SandboxError) -> String {
        guard let value = parameters[key] else { throw .snapshotUnusable("its manifest lacks \(key)") }
        return value
    }

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
