import LinuxKit
import Synchronization

/// Slots made on demand on one host.
final class OnDemandSlots: Sendable {
    private let host: OnDemandSlot.Host
    private let slots = Mutex<[OnDemandSlot]>([])

    init(host: BenchHost) {
        self.host = OnDemandSlot.Host(namespace: host.namespace, remote: BenchHost.serverAddress)
    }

    var count: Int { slots.withLock { $0.count } }

    /// Makes slots until there are `count`; how long each took, in milliseconds. Blocks.
    func make(upTo count: Int) throws(NetworkError) -> Samples {
        try NetworkNamespace.run(in: host.namespace) { () throws(NetworkError) in
            var samples = Samples()
            for index in self.count..<max(count, self.count) {
                let start = MonotonicClock.now()
                let slot = try OnDemandSlot.make(index, network: UInt32(index + 1), host: host)
                samples.add(Double(MonotonicClock.now() - start) / 1e6)
                slots.withLock { $0.append(slot) }
            }
            return samples
        }
    }

    /// Gives the last slot's tunnel the number of another network; how long that took, in milliseconds. Blocks.
    func replaceTunnel(network: UInt32) throws(NetworkError) -> Double {
        guard let slot = slots.withLock({ $0.last }) else { return .nan }
        let start = MonotonicClock.now()
        try slot.replaceTunnel(network: network)
        return Double(MonotonicClock.now() - start) / 1e6
    }
}
