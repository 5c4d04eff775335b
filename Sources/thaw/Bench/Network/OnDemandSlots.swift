import LinuxKit
import Synchronization

/// Slots made on demand on one host.
final class OnDemandSlots: Sendable {
    private let host: OnDemandSlot.Host
    private let slots = Mutex<[OnDemandSlot]>([])

    init(host: BenchHost) {
        self.host = OnDemandSlot.Host(
            namespace: host.namespace,
            tunnel: OnDemandLinks.Tunnel(local: BenchHost.hostAddress, remote: BenchHost.serverAddress, port: 4790))
    }

    var count: Int { slots.withLock { $0.count } }

    /// Makes slots until there are `count`; how long each took, in milliseconds. Blocks.
    func make(upTo count: Int) throws(NetworkError) -> Samples {
        try NetworkNamespace.run(in: host.namespace) { () throws(NetworkError) in
            var samples = Samples()
            for index in self.count..<max(count, self.count) {
                let start = MonotonicClock.now()
                let slot = try OnDemandSlot(index: index, identifier: UInt32(index + 1), host: host)
                samples.add(Double(MonotonicClock.now() - start) / 1e6)
                slots.withLock { $0.append(slot) }
            }
            return samples
        }
    }

    /// Gives every slot's tunnel another network's number; how long each took, in milliseconds. Blocks.
    func replaceTunnels() throws(NetworkError) -> Samples {
        var samples = Samples()
        for (index, slot) in slots.withLock({ $0 }).enumerated() {
            let start = MonotonicClock.now()
            try slot.replaceTunnel(index: index, identifier: UInt32(1_000_000 + index), host: host)
            samples.add(Double(MonotonicClock.now() - start) / 1e6)
        }
        return samples
    }
}
