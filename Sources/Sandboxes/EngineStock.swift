/// What an engine holds beside the sandboxes that it has handed out, for whoever looks on.
package struct EngineStock: Sendable, Equatable {
    package var isolation: IsolationLevel
    /// Frozen parents of clones that run.
    package var templates: Int
    /// Clones prepared ahead.
    package var readyClones: Int
    /// Cells that wait for the next sandboxes.
    package var readyCells: Int
    /// What the kernel charges to the cgroups of everything that runs; nil where it does not say.
    package var memoryBytes: UInt64?
    /// The part of it that templates have.
    package var templateBytes: UInt64

    /// What the sandboxes have, those prepared ahead with them.
    package var sandboxBytes: UInt64? { memoryBytes.map { $0 - min($0, templateBytes) } }

    package init(
        _ isolation: IsolationLevel, templates: Int = 0, readyClones: Int = 0, readyCells: Int = 0,
        memoryBytes: UInt64? = nil, templateBytes: UInt64 = 0
    ) {
        self.isolation = isolation
        self.templates = templates
        self.readyClones = readyClones
        self.readyCells = readyCells
        self.memoryBytes = memoryBytes
        self.templateBytes = templateBytes
    }
}
