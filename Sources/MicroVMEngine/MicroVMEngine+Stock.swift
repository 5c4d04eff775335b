import Sandboxes

extension MicroVMEngine {
    /// Without templates and cells: a machine is started from the snapshot's file.
    package func stock() async -> [EngineStock] {
        [
            EngineStock(
                isolation, readyClones: await standing.count, memoryBytes: await launcher.cgroups.memoryBytes())
        ]
    }
}
