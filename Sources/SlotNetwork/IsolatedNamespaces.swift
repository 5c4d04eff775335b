internal import LinuxKit
package import Logging

/// Slots without a way out: each is a network namespace of its own with only its loopback up.
///
/// A namespace is held by its descriptor and by what runs in it, so a server that dies leaves nothing to sweep. A released
/// namespace is never used again: the claim after it gets a fresh one, built ahead in the background.
package actor IsolatedNamespaces: SlotNetwork {
    private let count: Int
    private let logger: Logger
    private var isOpen = true
    /// Indices nobody has, lowest last.
    private var free: [Int]
    private var ready: [SharedDescriptor] = []
    private var claimed: [Int: Slot] = [:]
    private var filler: Task<Void, Never>?

    package init(count: Int, logger: Logger = Logger(label: "thaw.slots")) {
        self.count = max(0, count)
        self.logger = logger
        free = Array((0..<self.count).reversed())
    }

    /// Builds a namespace for every free slot and returns when they are there. Claims need not wait for it.
    package func prepare() async {
        fillInBackground()
        await filler?.value
    }

    package func claim() async throws(SlotError) -> Slot {
        guard isOpen else { throw .shutDown }
        guard let index = free.popLast() else { throw .exhausted(count: count) }
        let namespace: SharedDescriptor
        if let built = ready.popLast() {
            namespace = built
        } else {
            do throws(NetworkError) {
                namespace = try await Self.build()
            } catch {
                free.append(index)
                throw .host(error)
            }
            guard isOpen else { throw .shutDown }
        }
        let slot = Slot(index: index, namespace: namespace)
        claimed[index] = slot
        fillInBackground()
        return slot
    }

    package func release(_ slot: Slot) async {
        guard isOpen, claimed[slot.index] === slot else { return }
        claimed[slot.index] = nil
        free.append(slot.index)
        fillInBackground()
    }

    package func shutdown() async {
        isOpen = false
        await filler?.value
        ready = []
        claimed = [:]
        free = []
    }

    private func fillInBackground() {
        guard filler == nil, isOpen, ready.count < free.count else { return }
        filler = Task { await fill() }
    }

    /// Ends by itself, at the latest when the network shuts down, which waits for it.
    private func fill() async {
        while isOpen, ready.count < free.count {
            do throws(NetworkError) {
                ready.append(try await Self.build())
            } catch {
                // The next claim tries again and tells its caller.
                logger.warning("building a network slot failed", metadata: ["error": "\(error)"])
                break
            }
        }
        // More than fit may stand ready when claims were answered meanwhile; fewer claims always use them up.
        filler = nil
    }

    private static func build() async throws(NetworkError) -> SharedDescriptor {
        try await BlockingThread.run { () throws(NetworkError) in
            let namespace = try NetworkNamespace.create()
            try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
                var netlink = NetlinkSession(transport: try NetlinkSocket())
                try netlink.bringUp(try netlink.link(named: "lo"))
            }
            return namespace
        }
    }
}
