import LinuxKit
import SystemPackage

/// What a program left in its IPC namespace, of which each clone has an empty one.
enum IPCRefusals {
    static func refuse(of pid: CInt, into refusals: inout Refusals) throws(Errno) {
        guard let objects = try IPCObjects.own(of: pid) else { return }
        for (kind, names) in [
            ("set of semaphores", objects.semaphores), ("message queue", objects.messageQueues),
            ("segment of shared memory", objects.memory),
        ] {
            for name in names {
                refusals.add("there is the System V \(kind) \(name)", "remove it in a before-snapshot hook")
            }
        }
        for name in objects.posixQueues {
            refusals.add("there is the POSIX message queue /\(name)", "unlink it in a before-snapshot hook")
        }
    }
}
