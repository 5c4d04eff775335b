internal import Basics

/// How much of what a worker may have at a time is taken.
package struct WorkerOccupancy: Sendable, Equatable {
    /// Sandboxes that serve, or are about to wait again.
    package var busy: Int
    package var idle: Int
    /// Those being made or ended.
    package var changing: Int
    package var limit: Int
    package var publishesRunning: Int
    package var publishesWaiting: Int

    package init(
        busy: Int, idle: Int, changing: Int, limit: Int, publishesRunning: Int, publishesWaiting: Int
    ) {
        self.busy = busy
        self.idle = idle
        self.changing = changing
        self.limit = limit
        self.publishesRunning = publishesRunning
        self.publishesWaiting = publishesWaiting
    }
}

extension FunctionWorker {
    package func occupancy() async -> WorkerOccupancy {
        let (publishes, sandboxes) = (await publishing.gate.load, pool.census)
        return WorkerOccupancy(
            busy: sandboxes.live - sandboxes.idle, idle: sandboxes.idle, changing: sandboxes.count - sandboxes.live,
            limit: pool.limit, publishesRunning: publishes.running, publishesWaiting: publishes.waiting)
    }
}
