import LinuxKit
import Sandboxes
import SystemPackage

extension ProcessEngine {
    package func shed(_ reserve: EngineReserve, atLeast bytes: UInt64) async -> UInt64 {
        guard bytes > 0 else { return 0 }
        switch reserve {
        case .readyClones:
            var freed: UInt64 = 0
            for clone in templates.readyClones {
                // What it shares with its template stays.
                freed += (try? await clone.cell.memory())?.unique ?? 0
                await end(clone)
                if freed >= bytes { break }
            }
            return freed
        case .idleTemplates: return await templates.shed(atLeast: bytes)
        }
    }
}

extension Cell {
    /// Of all that live in it but its own process 1.
    func memory() async throws(SandboxError) -> MemoryUse {
        let (cgroup, holder) = (cgroup, holderID)
        return try await BlockingThread.run { () throws(SandboxError) in
            let members = try hostCall { try cgroup.members() }
            var sum = MemoryUse(unique: 0, shared: 0, proportional: 0)
            for member in members where member != holder {
                // One that has ended meanwhile uses nothing.
                guard let text = try? SmallFile.text(FilePath("/proc/\(member)/smaps_rollup")) else { continue }
                sum += MemoryUse(smapsRollup: text)
            }
            return sum
        }
    }
}

extension MemoryUse {
    fileprivate static func += (sum: inout MemoryUse, use: MemoryUse) {
        sum.unique += use.unique
        sum.shared += use.shared
        sum.proportional += use.proportional
    }
}
