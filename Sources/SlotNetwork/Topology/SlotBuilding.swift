internal import LinuxKit
import Synchronization
internal import SystemPackage

/// Builds slots side by side on threads of its own, in small groups that are complete, and so of use, one after the other.
struct SlotBuilding: Sendable {
    /// One slot that is complete.
    struct Built: Sendable {
        var site: Hub.Site
        /// What it took alone, of its group's share of the hub's work too.
        var duration: Duration
    }

    let keep: NamespaceKeep
    let hub: Hub
    let uplink: HostUplink
    let programs: KernelPrograms
    let settings: SlotPlan.LayoutSettings

    /// How many slots share one change of the hub: the kernel is asked once for all of them.
    private static let group = 16
    /// More wait for the same lock.
    private static let threads = 2

    /// Builds the slots and returns when all are there, or none can be built any more. Blocks.
    /// - Parameters:
    ///   - isWanted: asked before each group.
    ///   - report: called for each group that is complete, from several threads.
    func build(
        _ sites: [Hub.Site], while isWanted: @Sendable () -> Bool, report: @Sendable ([Built]) -> Void
    ) throws(NetworkError) {
        let next = Mutex(0)
        let trunks = Mutex(())
        let failure = Mutex<NetworkError?>(nil)
        let groups = stride(from: 0, to: sites.count, by: Self.group).map {
            sites[$0..<min($0 + Self.group, sites.count)]
        }
        PosixThread.runTogether(min(Self.threads, groups.count)) { _ in
            do throws(NetworkError) {
                while failure.withLock({ $0 == nil }), isWanted() {
                    let number = next.withLock { next in
                        defer { next += 1 }
                        return next
                    }
                    guard number < groups.count else { return }
                    // Whoever is told may start threads, which begin where their parent is: never in here.
                    report(try keep.run { () throws(NetworkError) in try build(group: groups[number], trunks) })
                }
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    private func build(group: ArraySlice<Hub.Site>, _ trunks: borrowing Mutex<Void>) throws(NetworkError) -> [Built] {
        let clock = ContinuousClock()
        var durations: [Duration] = []
        var halves: [SlotPlan.Half] = []
        for site in group {
            let start = clock.now
            let kind: SlotPlan.Kind =
                switch settings.layout {
                case .direct: .direct
                case .bridged: .bridged(trunk: try openTrunk(of: site.slot, trunks))
                }
            halves.append(
                try SlotPlan(site: site, hub: hub, programs: programs, settings: settings, kind: kind).make())
            durations.append(clock.now - start)
        }
        let start = clock.now
        try NetworkNamespace.enter(hub.namespace)
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        // First the policy, then the link: nothing passes an end that has none.
        try programs.attach(halves.map(\.plan.policy))
        try netlink.perform(halves.map(\.plan.openingHub))
        for index in halves.indices { try halves[index].netlink.perform(halves[index].bringingUp) }
        try netlink.perform(halves.map(\.plan.settlingHub))
        let share = (clock.now - start) / halves.count
        return zip(halves, durations).map { half, duration in
            Built(site: half.plan.site, duration: duration + share)
        }
    }

    /// The slot's trunk, made by the first that needs it.
    private func openTrunk(
        of slot: Int, _ trunks: borrowing Mutex<Void>
    ) throws(NetworkError) -> SharedDescriptor {
        let number = slot / settings.trunkSize
        return try trunks.withLock { _ throws(NetworkError) in
            if let made = try keep.open(Trunk.name(number)) { return made }
            return try Trunk(number: number, uplink: uplink).make(programs)
        }
    }

    /// Takes one slot away, as far as it exists: its numbers and names are free for the next when this returns. Blocks.
    func demolish(_ site: Hub.Site) throws(NetworkError) {
        try keep.run { () throws(NetworkError) in try demolishInKeep(site) }
    }

    /// Lets slots go, whose numbers and names in the hub nobody needs: the kernel takes them down when it comes to it.
    func abandon(_ sites: [Hub.Site]) throws(NetworkError) {
        try keep.run { () throws(NetworkError) in
            for site in sites { try NamespaceKeep.release("\(site.slot)") }
        }
    }

    private func demolishInKeep(_ site: Hub.Site) throws(NetworkError) {
        let index = site.slot
        try NetworkNamespace.enter(hub.namespace)
        var netlink = NetlinkSession(transport: try NetlinkSocket())
        // With it goes the end inside, so that the name and the number are free for the next.
        do { try netlink.perform([.delete(Hub.end(of: site))]) } catch
            where error.errno == .operationNotSupportedByDevice
        {}
        if let namespace = try keep.open("\(index)") {
            try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
                // Its identifier, too.
                var netlink = NetlinkSession(transport: try NetlinkSocket())
                try? netlink.perform([.delete(named: SlotPlan.tunnelName)])
            }
        }
        try NamespaceKeep.release("\(index)")
    }
}
