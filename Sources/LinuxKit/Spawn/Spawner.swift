package import SystemPackage

/// Starts child processes from one long-lived thread.
///
/// PR_SET_PDEATHSIG follows the thread that spawned, not the process: a child started from a pool's thread is killed when
/// the pool retires that thread. This thread ends only with the `Spawner`, or with the whole process, kill -9 included: then
/// every child that asked for the signal gets it. So keep one for as long as its children shall live.
package final class Spawner: Sendable {
    private let thread: SerialThread

    package init() throws(Errno) {
        thread = try SerialThread()
    }

    /// Starts the program; returns once execve succeeded. Spawns one at a time.
    package func spawn(_ plan: SpawnPlan) async throws(SpawnError) -> ChildProcess {
        try await thread.run { () throws(SpawnError) in try plan.spawn() }
    }
}
