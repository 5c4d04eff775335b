internal import FunctionModel
internal import Sandboxes

/// A sandbox that serves a function, or waits to.
package struct SandboxSummary: Sendable, Equatable {
    package var functionName: String
    package var version: String
    /// The network slot it is in.
    package var slot: Int?
    package var isIdle: Bool

    package init(functionName: String, version: String, slot: Int?, isIdle: Bool) {
        self.functionName = functionName
        self.version = version
        self.slot = slot
        self.isIdle = isIdle
    }
}

extension FunctionWorker {
    package func sandboxes() -> [SandboxSummary] {
        pool.list().map { live, isIdle in
            SandboxSummary(
                functionName: live.key.version.functionName, version: live.key.version.version.qualifier,
                slot: live.sandbox.slot, isIdle: isIdle)
        }
        .sorted { ($0.slot ?? -1, $0.functionName) < ($1.slot ?? -1, $1.functionName) }
    }
}
