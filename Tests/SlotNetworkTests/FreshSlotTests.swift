import Foundation
import Glibc
import LinuxKit
import NetworkModel
import SlotNetwork
import SystemPackage
import TestSupport
import Testing

/// What a tenant finds in a slot that others had before: all that the kernel tells of a network is as in a slot that nobody had.
@Suite(.requiresRoot, .serialized) struct FreshSlotTests {
    /// Of the whole kernel, of all sockets anywhere, or of whoever reads.
    private static let ofEverybody: Set<String> = [
        "softnet_stat", "stat/nf_conntrack", "stat/rt_cache", "stat/arp_cache", "stat/ndisc_cache", "nf_conntrack",
        "netlink",
        "protocols", "sockstat", "ptype", "unix", "packet", "connector", "rt_acct", "fib_triestat",
    ]

    /// Every file of /proc/net, and dumps of rtnetlink(7), of the calling thread's namespace.
    private static func look(into namespace: SharedDescriptor) throws -> [String: String] {
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            var found: [String: String] = [:]
            let root: FilePath = "/proc/thread-self/net"
            func read(_ directory: FilePath, _ prefix: String) {
                for name in (try? Directory.entries(directory)) ?? [] where !ofEverybody.contains(prefix + name) {
                    let path = directory.appending(name)
                    if FileStatus.isDirectory(path) {
                        read(path, "\(prefix)\(name)/")
                    } else {
                        found[prefix + name] = try? SmallFile.text(path)
                    }
                }
            }
            read(root, "")
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            // Without the times that there are in the messages, and the number of the hub's end.
            found["links"] = try netlink.query(.dumpLinks()).map { "\(String(describing: $0.linkSummary))" }.joined()
            found["addresses"] = try netlink.query(.dumpAddresses()).map { "\(String(describing: $0.linkAddress))" }
                .joined()
            found["routes"] = try netlink.query(.dumpRoutes()).map { "\(String(describing: $0.destination))" }.joined()
            found["neighbours"] = try netlink.query(.dumpNeighbours()).map { "\(String(describing: $0.neighbour))" }
                .joined()
            return found
        }
    }

    @Test("nothing tells of those who had a slot before", arguments: SlotLayout.allCases)
    func property(layout: SlotLayout) async throws {
        try await SlotWorld.with { world in
            let server = try world.makeServer()
            let greeting = try GreetingServer(in: server, port: 80, saying: "seen")
            try await world.withPool(world.configuration(1, layout)) { pool in
                let first = try await pool.claim()
                let fresh = try Self.look(into: first.openNamespace())
                #expect(fresh["snmp"] != nil && fresh["dev"] != nil && fresh["netstat"] != nil)
                try first.bind(.process, to: .egress)
                _ = try GreetingServer.ask(from: first.openNamespace(), SlotWorld.serverAddress, 80)
                #expect(try TestSocket.connects(from: first.openNamespace(), to: IPv4Address(127, 0, 0, 1), 1) != nil)
                try SlotPoolTests.connectToItself(in: first.openNamespace())
                let used = try Self.look(into: first.openNamespace())
                #expect(used["snmp"] != fresh["snmp"] && used["dev"] != fresh["dev"])
                await pool.release(first)
                let next = try await pool.claim()
                let again = try Self.look(into: next.openNamespace())
                for name in Set(fresh.keys).union(again.keys).sorted() {
                    #expect(again[name] == fresh[name], "\(name)")
                }
            }
            withExtendedLifetime(greeting) {}
        }
    }
}
