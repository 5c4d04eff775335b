internal import Basics
internal import LinuxKit
internal import Logging
import Synchronization

/// What a pool does in the background.
extension SlotPool {
    /// Attempts at a reset before the slot is built anew: what a user left may take the kernel some milliseconds.
    private static let attemptLimit = 6
    /// Each pause is twice as long as the one before: 0.6 s in all.
    private static let firstPause = Duration.milliseconds(20)

    /// Works until the stream ends. Slots are reset by one thread, one after the other, while others are built.
    func maintain(_ stream: AsyncStream<Work>) async {
        let resetting: SerialThread
        let building: SerialThread
        do {
            resetting = try SerialThread()
            building = try SerialThread()
        } catch {
            logger.error("network slots cannot be built: no thread", metadata: ["error": "\(error)"])
            return fail(NetworkError("start a thread", error))
        }
        await withDiscardingTaskGroup { group in
            for await work in stream {
                switch work {
                case .build(let indices, let leftovers):
                    group.addTask {
                        await building.run {
                            if !indices.isEmpty { self.build(indices) }
                            for leftover in leftovers { self.discard(leftover) }
                        }
                    }
                case .rebuild(let index): group.addTask { await building.run { self.rebuild(index) } }
                case .renew: group.addTask { await building.run { self.renew() } }
                case .reset(let index): group.addTask { await self.reset(index, on: resetting) }
                }
            }
        }
    }

    // MARK: - Building

    private func build(_ indices: [Int]) {
        let haste = KernelHaste(directory: configuration.directory)
        haste.begin()
        defer { haste.end() }
        let clock = ContinuousClock()
        let start = clock.now
        do {
            let sites = sites.withLock { sites in indices.map { sites[$0] } }
            try ground.building.build(sites, while: { state.withLock { $0.isOpen } }) { logProgress(finish($0)) }
            logger.info(
                "network slots are built", metadata: ["count": "\(indices.count)", "took": "\(clock.now - start)"])
            publishReport(atOnce: true)
        } catch {
            logger.error("network slots cannot be built", metadata: ["error": "\(error)"])
            fail(error)
        }
    }

    /// How many were built before and how many now.
    @discardableResult
    private func finish(_ built: [SlotBuilding.Built]) -> (before: UInt64, now: UInt64) {
        let (freed, progress) = state.withLock { state in
            for slot in built where state.change(slot.site.slot, { $0.finishBuilding() }) {
                state.statistics.builds.add(UInt64(slot.duration.nanoseconds))
                state.statistics.note(slot.duration, ofBuilding: slot.site.slot)
                state.free.append(slot.site.slot)
                cutOff(slot.site.slot, as: .free)
            }
            return (serveWaiters(&state), state.statistics.builds.count)
        }
        deliver(freed)
        return (progress - min(progress, UInt64(built.count)), progress)
    }

    private func logProgress(_ built: (before: UInt64, now: UInt64)) {
        guard built.now / 500 != built.before / 500 else { return }
        logger.info("building network slots", metadata: ["built": "\(built.now)"])
    }

    private func rebuild(_ index: Int) {
        guard state.withLock({ $0.isOpen && $0.change(index) { $0.rebuild() } }) else { return }
        remake(index)
    }

    /// Makes one slot anew, after the kernel has taken it away.
    private func remake(_ index: Int) {
        cutOff(index, as: .building)
        let site = sites.withLock { $0[index] }
        do {
            try ground.building.demolish(site)
            try ground.building.build([site], while: { true }) { finish($0) }
        } catch {
            logger.error("a network slot cannot be rebuilt", metadata: ["slot": "\(index)", "error": "\(error)"])
            fail(error)
        }
    }

    /// Makes all slots anew that wait for it. What they were is let go of, and the kernel takes it away when it comes to it: their
    /// ends in the hub have other numbers and names.
    private func renew() {
        let indices = state.withLock { state in
            defer { state.renewals = [] }
            return state.isOpen ? state.renewals : []
        }
        guard !indices.isEmpty else { return }
        let haste = KernelHaste(directory: configuration.directory)
        haste.begin()
        defer { haste.end() }
        // A tunnel of layout bridged has its identifier until it is gone.
        guard ground.record.layout == .direct else { return indices.forEach(remake) }
        let (old, new) = sites.withLock { sites in
            let old = indices.map { sites[$0] }
            for index in indices { sites[index] = sites[index].next }
            return (old, indices.map { sites[$0] })
        }
        for index in indices { cutOff(index, as: .building) }
        do {
            try ground.building.abandon(old)
            try ground.building.build(new, while: { true }) { finish($0) }
        } catch {
            logger.warning("network slots are built anew one by one", metadata: ["error": "\(error)"])
            let missing = state.withLock { state in indices.filter { state.slots[$0].kind == .building } }
            missing.forEach(remake)
        }
    }

    /// Takes away the slots of a server that died: after this one's are built, which wait for the kernel as these do. A server that
    /// is to stop finishes it first, or others would have to wait for the kernel for minutes.
    private func discard(_ keep: NamespaceKeep) {
        let removal = SlotRemoval(keep: keep, directory: configuration.directory)
        do {
            try removal.run()
            try keep.remove()
        } catch {
            logger.warning(
                "a dead server's network slots are left to the next start, or to thaw slots clean",
                metadata: ["error": "\(error)"])
        }
    }

    /// Whatever could not be built stays out of use.
    private func fail(_ error: NetworkError) {
        let outcome = state.withLock { state in
            state.failure = state.failure ?? error
            for index in state.slots.indices where state.change(index, { $0.failBuilding("\(error)") }) {
                cutOff(index, as: .quarantined)
            }
            return serveWaiters(&state)
        }
        deliver(outcome)
    }

    // MARK: - Resetting

    private func reset(_ index: Int, on thread: SerialThread) async {
        var pause = Self.firstPause
        while let again = await thread.run({ self.reset(index) }), again {
            try? await Task.sleep(for: pause)
            pause *= 2
        }
    }

    /// Whether it has to be tried again; nil when the slot is not there to be reset.
    private func reset(_ index: Int) -> Bool? {
        guard state.withLock({ $0.change(index) { $0.beginReset() } }) else { return nil }
        cutOff(index, as: .resetting)
        let start = MonotonicClock.now()
        let left: String?
        do { left = try clean(index) } catch { left = "\(error)" }
        return conclude(index, left: left, took: MonotonicClock.now() - start)
    }

    private func clean(_ index: Int) throws(NetworkError) -> String? {
        try ground.programs.maps.clearFlows(of: index)
        let left = try NetworkNamespace.visit(ground.openNamespace(of: index), from: home) { () throws(NetworkError) in
            try SlotReset.clean(SlotReset.Expectation(ground.settings))
        }
        try ground.programs.maps.clearCounters(of: index)
        return left
    }

    private func conclude(_ index: Int, left: String?, took: UInt64) -> Bool {
        let (kind, outcome) = state.withLock { state -> (SlotState.Kind, Served) in
            if let left {
                _ = state.change(index) { $0.failReset(left, attemptLimit: Self.attemptLimit) }
            } else if state.isUsed[index], state.change(index, { $0.renew() }) {
                state.isUsed[index] = false
                state.statistics.resets.add(took)
                state.renewals.append(index)
            } else if state.change(index, { $0.finishReset() }) {
                state.statistics.resets.add(took)
                state.free.append(index)
            }
            let kind = state.slots[index].kind
            cutOff(index, as: kind)
            return (kind, serveWaiters(&state))
        }
        deliver(outcome)
        publishReport()
        if kind == .building { work.yield(.renew) }
        if kind == .quarantined {
            logger.warning(
                "a network slot is built anew", metadata: ["slot": "\(index)", "because": "\(left ?? "")"])
            work.yield(.rebuild(index))
        }
        return kind == .draining
    }

    /// Lets others read what the pool measures, at most once a second.
    private func publishReport(atOnce: Bool = false) {
        let report = state.withLock { state -> SlotReport? in
            let now = MonotonicClock.now()
            guard atOnce || now - state.reported >= 1_000_000_000 else { return nil }
            state.reported = now
            return SlotReport(state.statistics)
        }
        report?.write(to: configuration.directory)
    }

    // MARK: - Those who wait

    struct Served {
        var settlers: [CheckedContinuation<Void, Never>] = []
    }

    /// Answers those who wait for slots, under the lock, so that a wait that ends by its limit knows whether it has one. Others are
    /// told when the lock is open again.
    private func serveWaiters(_ state: inout State) -> Served {
        var served = Served()
        while !state.waiters.isEmpty, let index = state.free.popLast() {
            let start = MonotonicClock.now()
            state.waiters.removeFirst().settle(claim(index, &state, since: start))
        }
        guard state.coming == 0 else { return served }
        for waiter in state.waiters { waiter.settle(nil) }
        served.settlers = state.settlers
        (state.waiters, state.settlers) = ([], [])
        return served
    }

    private func deliver(_ served: Served) {
        for settler in served.settlers { settler.resume() }
    }
}
