import LinuxKit
import Sandboxes

extension ProcessEngine {
    package func stock() async -> [EngineStock] {
        let (templates, cells, cgroups) = (templates.census, cells.waiting, cgroups)
        let (memory, inTemplates) = await BlockingThread.run { (cgroups.memoryBytes(), cgroups.templateBytes()) }
        return [
            EngineStock(
                isolation, templates: templates.running, readyClones: templates.parked, readyCells: cells,
                memoryBytes: memory, templateBytes: inTemplates ?? 0)
        ]
    }
}
