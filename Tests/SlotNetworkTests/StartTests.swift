import Glibc
import LinuxKit
import NetworkModel
import SlotNetwork
import SystemPackage
import TestSupport
import Testing

/// What a start makes of what others have left or hold.
@Suite(.requiresRoot, .serialized) struct StartTests {
    @Test("the tunnel of a hub that nobody holds any more keeps no start from the port")
    func deadHub() async throws {
        try await SlotWorld.with { world in
            for _ in 0..<5 {
                do {
                    let hub = try NetworkNamespace.run(in: NetworkNamespace.create()) { () throws(NetworkError) in
                        Hub(namespace: try NetworkNamespace.current(), host: world.host)
                    }
                    try NetworkNamespace.run(in: hub.namespace) { () throws(NetworkError) in
                        try hub.makeTunnel(port: 4789)
                    }
                }
                try await world.withPool(world.configuration(1)) { pool in #expect(pool.ground.record.hasTunnel) }
            }
        }
    }

    @Test("where the tunnels' port is somebody else's there is everything but virtual networks, until it is free")
    func portInUse() async throws {
        try await SlotWorld.with { world in
            let configuration = world.configuration(1)
            do {
                let taken = try NetworkNamespace.run(in: world.host) { () throws(NetworkError) in
                    let socket = try TestSocket.make(TestSocket.datagram)
                    try TestSocket.bind(socket, IPv4Address(rawValue: 0), configuration.tunnelPort)
                    return socket.shared()
                }
                let pool = try await world.open(configuration)
                let slot = try await pool.claim()
                try slot.bind(.process, to: .egress)
                let failure = #expect(throws: SlotError.self) {
                    try slot.bind(.process, to: .vpc(ReachTests.network("red", 100)))
                }
                #expect(failure.map { "\($0)" }?.contains("UDP port 4789") == true)
                #expect(pool.ground.tunnelFailure?.errno == .addressInUse)
                await pool.shutdown(keepingSlots: true)
                withExtendedLifetime(taken) {}
            }
            try await world.withPool(configuration) { pool in
                #expect(pool.statistics.builds.count == 0 && pool.ground.record.hasTunnel)
                let slot = try await pool.claim()
                try slot.bind(.process, to: .vpc(ReachTests.network("red", 100)))
            }
        }
    }

    @Test("slots that a dead server was taking away are taken away by the next one")
    func retired() async throws {
        try await SlotWorld.with { world in
            let dead = try await world.open(world.configuration(2))
            await dead.prepare()
            await dead.shutdown(keepingSlots: true)
            // As one does that cannot use them, and dies before it has taken them away.
            try NamespaceKeep.retire(in: world.directory)
            #expect(try NamespaceKeep.retired(in: world.directory).count == 1)
            try await world.withPool(world.configuration(4)) { pool in #expect(pool.ground.record.hasTunnel) }
            #expect(!FileStatus.exists(world.directory))
            #expect(!(try SmallFile.text("/proc/self/mountinfo").contains(world.directory.string)))
        }
    }

    @Test("a directory's slots are one server's; the second is told what to do")
    func sameDirectory() async throws {
        try await SlotWorld.with { world in
            try await world.withPool(world.configuration(1)) { _ in
                let failure = await #expect(throws: SlotError.self) { try await world.open(world.configuration(1)) }
                #expect(failure.map { "\($0)" }?.contains("--state-dir") == true)
            }
        }
    }

    @Test("a start that fails leaves nothing of its own")
    func failure() async throws {
        try await SlotWorld.with { world in
            let before = try world.state()
            var configuration = world.configuration(1000)
            configuration.ranges = IPv4Prefix(IPv4Address(100, 64, 0, 0), length: 24)
            await #expect(throws: SlotError.self) { try await world.open(configuration) }
            #expect(try world.state() == before)
            #expect(!FileStatus.exists(world.directory))
        }
    }
}

extension SlotWorld {
    /// What a server changes on its host.
    fileprivate func state() throws -> [String] {
        let links = try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            return try netlink.query(.dumpLinks()).compactMap(\.linkSummary?.name)
        }
        return links + (try forwarding())
    }
}
