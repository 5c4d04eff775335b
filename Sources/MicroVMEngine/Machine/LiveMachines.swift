import Sandboxes

/// Every machine that exists, so that a shutdown misses none.
actor LiveMachines {
    private var machines: [SandboxID: Machine] = [:]
    private var isClosed = false

    /// False once the registry is closed: the machine must end.
    func add(_ machine: Machine) -> Bool {
        guard !isClosed else { return false }
        machines[machine.id] = machine
        return true
    }

    func remove(_ machine: Machine) { machines[machine.id] = nil }

    func endAll() async {
        isClosed = true
        let ending = machines.values
        machines = [:]
        await withTaskGroup(of: Void.self) { group in
            for machine in ending { group.addTask { await machine.end() } }
        }
    }
}
