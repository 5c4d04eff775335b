import LinuxKit
import Sandboxes

extension ProcessEngine {
    package func stock() async -> [EngineStock] {
        let (templates, cells, cgroups) = (templates.census, cells.waiting, cgroups)
        let memory = await BlockingThread.run { cgroups.memoryBytes() }
        return [
            EngineStock(
                isolation, templates: templates.running, readyClones: templates.parked, readyCells: cells,
                memoryBytes: memory)
        ]
    }
}
