/// What no AWS client asks: for the commands beside the server.
package protocol SandboxListing: Sendable {
    /// The sandboxes there are.
    func sandboxes() -> [SandboxSummary]
}

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
