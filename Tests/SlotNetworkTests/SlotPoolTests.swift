import CSlotPrograms
import Glibc
import LinuxKit
import NetworkModel
import SlotNetwork
import SystemPackage
import TestSupport
import Testing

@Suite(.requiresRoot, .serialized) struct SlotPoolTests {
    static let layouts = SlotLayout.allCases

    @Test("every slot is a namespace of its own that holds the same", arguments: layouts)
    func slots(layout: SlotLayout) async throws {
        try await SlotWorld.with { world in
            try await world.withPool(world.configuration(20, layout)) { pool in
                await pool.prepare()
                var slots: [Slot] = []
                while let slot = pool.claimFree() { slots.append(slot) }
                #expect(Set(slots.map(\.index)) == Set(0..<20))
                #expect(try Set(slots.map { try FileStatus.of($0.openNamespace().descriptor).inode }).count == 20)
                for slot in slots {
                    let left = try NetworkNamespace.run(in: slot.openNamespace()) { () throws(NetworkError) in
                        try SlotReset.clean(SlotReset.Expectation(pool.ground.settings))
                    }
                    #expect(left == nil)
                }
                let failure = await #expect(throws: SlotError.self) { try await pool.claim() }
                #expect(failure.map { "\($0)" }?.contains("all 20 network slots") == true)
            }
        }
    }

    @Test("a released slot is reset and lent again; a second release of the same claim frees nobody's slot")
    func release() async throws {
        try await SlotWorld.with { world in
            try await world.withPool(world.configuration(1)) { pool in
                let slot = try await pool.claim()
                try slot.bind(.process, to: .egress)
                await pool.release(slot)
                let next = try await pool.claim()
                #expect(next.index == slot.index)
                await pool.release(slot)
                #expect(pool.claimFree() == nil)
                #expect(throws: SlotError.self) { try slot.bind(.process, to: .egress) }
                await pool.release(next)
            }
        }
    }

    @Test("connections that wait to die do not keep a slot from its next user", arguments: layouts)
    func dirtySlot(layout: SlotLayout) async throws {
        try await SlotWorld.with { world in
            try await world.withPool(world.configuration(1, layout)) { pool in
                let slot = try await pool.claim()
                let namespace = try slot.openNamespace()
                let server = try GreetingServer(in: namespace, port: 9001, saying: "hello")
                #expect(try GreetingServer.ask(from: namespace, IPv4Address(127, 0, 0, 1), 9001).hasPrefix("hello"))
                withExtendedLifetime(server) {}
                try Self.connectToItself(in: namespace)
                await pool.release(slot)
                #expect(throws: NetworkError.self) { _ = try slot.openNamespace() }
                await pool.prepare()
                #expect(pool.claimFree() != nil)
                // Once made, once made anew, and never found to be in use.
                #expect(pool.statistics.builds.count == 2 && pool.statistics.resets.count == 1)
            }
        }
    }

    @Test("a slot that does not become clean is built anew under the same number", arguments: layouts)
    func quarantine(layout: SlotLayout) async throws {
        try await SlotWorld.with { world in
            try await world.withPool(world.configuration(2, layout)) { pool in
                await pool.prepare()
                let slot = try #require(pool.claimFree())
                // What no reset ends: a socket that somebody holds on to.
                let left = try NetworkNamespace.run(in: slot.openNamespace()) { () throws(NetworkError) in
                    let socket = try TestSocket.make(TestSocket.datagram)
                    try TestSocket.bind(socket, IPv4Address(127, 0, 0, 1), 5000)
                    return socket.shared()
                }
                let before = try FileStatus.of(slot.openNamespace().descriptor).inode
                await pool.release(slot)
                let other = try await pool.claim()
                let again = try await pool.claim()
                #expect(Set([other.index, again.index]) == [0, 1])
                let rebuilt = other.index == slot.index ? other : again
                #expect(try FileStatus.of(rebuilt.openNamespace().descriptor).inode != before)
                withExtendedLifetime(left) {}
            }
        }
    }

    @Test("claims and releases in any order never lend a slot twice")
    func property() async throws {
        try await SlotWorld.with { world in
            try await world.withPool(world.configuration(12)) { pool in
                let owned = OwnedSlots()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for seed in 0..<6 {
                        group.addTask {
                            var mine: [Slot] = []
                            var random = SystemRandomNumberGenerator()
                            for step in 0..<60 {
                                if mine.count < 2, (step + seed) % 3 != 0 || mine.isEmpty {
                                    let slot = try await pool.claim()
                                    #expect(await owned.take(slot.index), "slot \(slot.index) is lent twice")
                                    try slot.bind(.process, to: .isolated)
                                    mine.append(slot)
                                } else {
                                    let slot = mine.remove(at: Int.random(in: mine.indices, using: &random))
                                    await owned.giveBack(slot.index)
                                    await pool.release(slot)
                                    // Once more is no more.
                                    await pool.release(slot)
                                }
                            }
                            for slot in mine {
                                await owned.giveBack(slot.index)
                                await pool.release(slot)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                await pool.prepare()
                var left = 0
                while pool.claimFree() != nil { left += 1 }
                #expect(left == 12)
            }
        }
    }

    @Test("a server takes over what another left", arguments: layouts)
    func adoption(layout: SlotLayout) async throws {
        try await SlotWorld.with { world in
            let first = try await world.open(world.configuration(8, layout))
            await first.prepare()
            let slot = try #require(first.claimFree())
            try slot.bind(.process, to: .egress)
            let before = try FileStatus.of(slot.openNamespace().descriptor).inode
            // What a kill leaves: everything in the keep, nothing told.
            await first.shutdown(keepingSlots: true)
            let second = try await world.open(world.configuration(8, layout))
            await second.prepare()
            // What somebody had used.
            #expect(second.statistics.builds.count == 1)
            let entry = try second.ground.programs.maps.entry(of: slot.index)
            #expect(entry.mode == 0)
            var inodes: Set<UInt64> = []
            while let next = second.claimFree() {
                inodes.insert(try FileStatus.of(next.openNamespace().descriptor).inode)
            }
            #expect(inodes.count == 8 && !inodes.contains(before))
            await second.shutdown()
        }
    }

    @Test("what another configuration left is built anew, and a shutdown leaves nothing")
    func otherConfiguration() async throws {
        try await SlotWorld.with { world in
            let first = try await world.open(world.configuration(4))
            await first.prepare()
            try world.addWitness(to: try #require(first.claimFree()).openNamespace())
            await first.shutdown(keepingSlots: true)
            let second = try await world.open(world.configuration(5))
            await second.prepare()
            #expect(second.statistics.builds.count == 5)
            await second.shutdown()
            await second.shutdown()
            await #expect(throws: SlotError.self) { try await second.claim() }
            #expect(try NamespaceKeep.find(in: world.directory) == nil)
            let names = try NetworkNamespace.run(in: world.host) { () throws(NetworkError) in
                var netlink = NetlinkSession(transport: try NetlinkSocket())
                return try netlink.query(.dumpLinks()).compactMap(\.linkSummary?.name)
            }
            #expect(names == ["lo"])
            #expect(!(try SmallFile.text("/proc/self/mountinfo").contains(world.directory.string)))
        }
    }

    @Test("a slot's tap is opened once at a time")
    func taps() async throws {
        try await SlotWorld.with { world in
            try await world.withPool(world.configuration(1)) { pool in
                let slot = try await pool.claim()
                do {
                    let tap = try slot.openTap()
                    #expect(throws: NetworkError.self) { try slot.openTap().relinquish() }
                    tap.withRaw { _ in }
                }
                await pool.release(slot)
                let again = try await pool.claim()
                try again.openTap().withRaw { _ in }
            }
        }
    }

    @Test("nothing is left open after shutdown")
    func leaks() async {
        await #expect(processExitsWith: .success) {
            let left = try await leakedDescriptors {
                try await SlotWorld.with { world in
                    try await world.withPool(world.configuration(4)) { pool in
                        await pool.prepare()
                        for _ in 0..<6 { await pool.release(try await pool.claim()) }
                        _ = try await pool.claim().openTap()
                    }
                }
            }
            #expect(left == [])
        }
    }
}

extension SlotPoolTests {
    /// Leaves both ends of a closed connection between ::1 and itself, which the kernel keeps for a minute.
    static func connectToItself(in namespace: SharedDescriptor) throws {
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            let listener = try TestSocket.make(TestSocket.stream, domain: AF_INET6)
            let client = try TestSocket.make(TestSocket.stream, domain: AF_INET6)
            try TestSocket.attempt("connect to ::1") { () throws(Errno) in
                var address = sockaddr_in6()
                address.sin6_family = sa_family_t(AF_INET6)
                address.sin6_port = UInt16(9002).bigEndian
                address.sin6_addr = in6addr_loopback
                let size = socklen_t(MemoryLayout<sockaddr_in6>.size)
                func call(_ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) throws(Errno) {
                    let result = withUnsafePointer(to: &address) { pointer in
                        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
                    }
                    guard result == 0 else { throw Errno(rawValue: errno) }
                }
                try listener.withRaw { raw throws(Errno) in
                    try call { bind(raw, $0, $1) }
                    _ = try syscall { listen(raw, 1) }
                }
                try client.withRaw { raw throws(Errno) in try call { connect(raw, $0, $1) } }
                let accepted = try listener.withRaw { raw throws(Errno) in
                    try OwnedDescriptor { accept(raw, nil, nil) }
                }
                client.withRaw { raw in _ = shutdown(raw, CInt(SHUT_RDWR)) }
                accepted.withRaw { raw in _ = shutdown(raw, CInt(SHUT_RDWR)) }
            }
        }
    }
}

private actor OwnedSlots {
    private var indices: Set<Int> = []
    func take(_ index: Int) -> Bool { indices.insert(index).inserted }
    func giveBack(_ index: Int) { indices.remove(index) }
}
