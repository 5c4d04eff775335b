import LinuxKit
import SlotNetwork
import SystemPackage
import TestSupport
import Testing

@Suite(.requiresRoot) struct IsolatedNamespacesTests {
    /// The namespace a slot's sandbox is in, by inode.
    static func identity(_ slot: Slot) throws -> UInt64 { try FileStatus.of(slot.namespace.descriptor).inode }

    @Test("claimed slots have namespaces of their own, with a loopback that works and nothing else")
    func claims() async throws {
        let network = IsolatedNamespaces(count: 3)
        await network.prepare()
        let slots = try await [network.claim(), network.claim(), network.claim()]
        #expect(slots.map(\.index) == [0, 1, 2])
        #expect(try Set(slots.map(Self.identity)).count == 3)
        let reached = try NetworkNamespace.run(in: slots[0].namespace) { () throws(NetworkError) in
            do throws(Errno) {
                let listener = try LoopbackSocket.listen(port: 9001)
                let client = try LoopbackSocket.connect(port: 9001)
                client.withRaw { _ in }
                listener.withRaw { _ in }
                return try SmallFile.text("/proc/thread-self/net/dev").split(separator: "\n").count
            } catch {
                throw NetworkError("connect over loopback", error)
            }
        }
        #expect(reached == 3)
        await network.shutdown()
    }

    @Test("no more slots are lent than there are; a released one comes back fresh")
    func exhaustion() async throws {
        let network = IsolatedNamespaces(count: 1)
        let slot = try await network.claim()
        let failure = await #expect(throws: SlotError.self) { try await network.claim() }
        #expect(failure.map { "\($0)" }?.contains("all 1 network slots") == true)
        let old = try Self.identity(slot)
        await network.release(slot)
        let next = try await network.claim()
        #expect(try Self.identity(next) != old)
        // The first claim is over: releasing it again must not free the second one's slot.
        await network.release(slot)
        await #expect(throws: SlotError.self) { try await network.claim() }
        await network.shutdown()
    }

    @Test("many claims at once each get a slot of their own, up to the number there is")
    func concurrentClaims() async throws {
        let network = IsolatedNamespaces(count: 8)
        let outcomes = await withTaskGroup(of: Slot?.self) { group in
            for _ in 0..<12 { group.addTask { try? await network.claim() } }
            return await group.reduce(into: [Slot]()) { if let slot = $1 { $0.append(slot) } }
        }
        #expect(outcomes.count == 8)
        #expect(Set(outcomes.map(\.index)).count == 8)
        #expect(try Set(outcomes.map(Self.identity)).count == 8)
        for slot in outcomes { await network.release(slot) }
        await network.prepare()
        for _ in 0..<8 { _ = try await network.claim() }
        await network.shutdown()
    }

    @Test("after shutdown there are no slots, and a late release is harmless")
    func shutdown() async throws {
        let network = IsolatedNamespaces(count: 2)
        let slot = try await network.claim()
        await network.shutdown()
        await network.shutdown()
        await network.release(slot)
        let failure = await #expect(throws: SlotError.self) { try await network.claim() }
        guard case .shutDown = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test("a network of no slots lends none", arguments: [0, -1])
    func none(count: Int) async {
        let network = IsolatedNamespaces(count: count)
        await #expect(throws: SlotError.self) { try await network.claim() }
        await network.shutdown()
    }

    @Test("a slot's tap is opened once at a time")
    func taps() async throws {
        let network = IsolatedNamespaces(count: 1)
        let slot = try await network.claim()
        let tap = try slot.openTap()
        #expect(throws: NetworkError.self) { try slot.openTap().relinquish() }
        tap.withRaw { _ in }
        await network.shutdown()
    }

    @Test("nothing is left open after shutdown")
    func leaks() async {
        await #expect(processExitsWith: .success) {
            let left = try await leakedDescriptors {
                let network = IsolatedNamespaces(count: 4)
                await network.prepare()
                for _ in 0..<6 { await network.release(try await network.claim()) }
                _ = try await network.claim().openTap()
                await network.shutdown()
            }
            precondition(left.isEmpty, "\(left)")
        }
    }
}
