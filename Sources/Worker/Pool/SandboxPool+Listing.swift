internal import FunctionModel
internal import Sandboxes

extension SandboxPool: SandboxListing {
    package func sandboxes() -> [SandboxSummary] {
        list().map { live, isIdle in
            SandboxSummary(
                functionName: live.key.version.functionName, version: live.key.version.version.qualifier,
                slot: live.sandbox.slot, isIdle: isIdle)
        }
        .sorted { ($0.slot ?? -1, $0.functionName) < ($1.slot ?? -1, $1.functionName) }
    }
}
