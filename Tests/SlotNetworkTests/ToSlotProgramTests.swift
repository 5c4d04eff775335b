import CSlotPrograms
import LinuxKit
import SlotNetwork
import TestSupport
import Testing

extension ProgramTests {
    /// What becomes of a frame that is meant for a slot, by each of the ways in, and of one on the way from the hub to the world.
    @Suite struct ToSlotProgramTests {
        private typealias Programs = LoadedPrograms

        struct Row: Sendable, CustomTestStringConvertible {
            var name: String
            /// What the guest has sent before; nil: nothing.
            var sent: [UInt8]?
            var frame: [UInt8]
            /// The packet that the guest gets; nil: none.
            var arrives: [UInt8]?
            var counts: DropReason?
            var testDescription: String { name }

            init(
                _ name: String, after sent: [UInt8]? = nil, _ frame: [UInt8], arrives: [UInt8]? = nil,
                counts: DropReason? = nil
            ) {
                (self.name, self.sent, self.frame, self.arrives, self.counts) = (name, sent, frame, arrives, counts)
            }
        }

        private static let server = IPv4Address(203, 0, 113, 9)
        private static let nameServer = IPv4Address(10, 0, 0, 53)
        private static let guest = SlotAddresses.guest

        private static func toHub(_ packet: [UInt8]) -> [UInt8] {
            Frames.ethernet(
                to: MACAddress(0x02, 0x54, 0x48, 0x41, 0x57, 0xf1),
                from: MACAddress(0x02, 0x54, 0x48, 0x41, 0x57, 0xf0),
                packet)
        }

        /// A router's report about a packet that the slot sent, as it left and as the guest knows it.
        private static func report(_ type: UInt8 = 11, quoting packet: [UInt8], to: IPv4Address) -> [UInt8] {
            Frames.packet(
                from: IPv4Address(203, 0, 113, 254), to: to, proto: 1, Frames.icmp(type, Array(packet.prefix(28))))
        }

        /// Who is spoken with, in the mode of the rows.
        struct Peers: Sendable {
            var server: IPv4Address
            var nameServer: IPv4Address
        }

        private static let outside = Peers(server: server, nameServer: nameServer)
        private static let inNetwork = Peers(server: IPv4Address(10, 1, 7, 7), nameServer: IPv4Address(10, 1, 0, 53))

        /// For the slot at `address`, in whatever mode it has that: what belongs to a flow of the guest's.
        private static func rows(for address: IPv4Address, _ peers: Peers) -> [Row] {
            let (server, nameServer) = (peers.server, peers.nameServer)
            let datagram = Frames.datagram(to: server, port: 4000, source: 7)
            let syn = Frames.segment(to: server, port: 4000, source: 80, flags: Frames.syn)
            let question = Frames.datagram(to: SlotAddresses.gateway, port: 53, source: 4000)
            func first(of fragments: UInt8, to: IPv4Address) -> [UInt8] {
                Frames.packet(
                    from: server, to: to, proto: fragments, fragment: 0x2000,
                    Frames.udp(from: server, to: to, port: 7, [1, 2, 3, 4]))
            }
            return [
                Row(
                    "a datagram", after: datagram, toHub(Frames.datagram(from: server, to: address)),
                    arrives: Frames.datagram(from: server, to: guest)),
                Row(
                    "a first fragment", after: datagram, toHub(first(of: 17, to: address)),
                    arrives: first(of: 17, to: guest)),
                Row(
                    "an answer to a connection's first segment", after: syn,
                    toHub(Frames.segment(from: server, to: address, flags: Frames.syn | Frames.ack)),
                    arrives: Frames.segment(from: server, to: guest, flags: Frames.syn | Frames.ack)),
                Row(
                    "a reset", after: syn, toHub(Frames.segment(from: server, to: address, flags: Frames.rst)),
                    arrives: Frames.segment(from: server, to: guest, flags: Frames.rst)),
                Row(
                    "a segment of a connection whose beginning was not seen",
                    after: Frames.segment(to: server, port: 4000, source: 80, flags: Frames.ack, [5]),
                    toHub(Frames.segment(from: server, to: address, flags: Frames.ack)),
                    arrives: Frames.segment(from: server, to: guest, flags: Frames.ack)),
                Row(
                    "an answer to an echo", after: Frames.echo(8, to: server),
                    toHub(Frames.echo(0, from: server, to: address)), arrives: Frames.echo(0, from: server, to: guest)),
                Row(
                    "a protocol without ports", after: Frames.packet(to: server, proto: 50, [1, 2, 3, 4]),
                    toHub(Frames.packet(from: server, to: address, proto: 50, [4, 3, 2, 1])),
                    arrives: Frames.packet(from: server, to: guest, proto: 50, [4, 3, 2, 1])),
                Row(
                    "a report about a datagram", after: Frames.datagram(to: server),
                    toHub(report(quoting: Frames.datagram(from: address, to: server), to: address)),
                    arrives: report(quoting: Frames.datagram(from: guest, to: server), to: guest)),
                Row(
                    "a report about a segment", after: Frames.segment(to: server, flags: Frames.syn),
                    toHub(
                        report(3, quoting: Frames.segment(from: address, to: server, flags: Frames.syn), to: address)),
                    arrives: report(3, quoting: Frames.segment(from: guest, to: server, flags: Frames.syn), to: guest)),
                Row(
                    "a report about an echo", after: Frames.echo(8, to: server),
                    toHub(report(quoting: Frames.echo(8, from: address, to: server), to: address)),
                    arrives: report(quoting: Frames.echo(8, from: guest, to: server), to: guest)),
                Row(
                    "an answer of the name server", after: question,
                    toHub(Frames.datagram(from: nameServer, to: address, port: 4000, source: 53)),
                    arrives: Frames.datagram(from: SlotAddresses.gateway, to: guest, port: 4000, source: 53)),
                Row(
                    "another service of the name server",
                    after: Frames.datagram(to: nameServer, port: 54, source: 4000),
                    toHub(Frames.datagram(from: nameServer, to: address, port: 4000, source: 54)),
                    arrives: Frames.datagram(from: nameServer, to: guest, port: 4000, source: 54)),
            ]
        }

        /// The same slot's: what belongs to none.
        private static func strangers(for address: IPv4Address, _ peers: Peers) -> [Row] {
            let server = peers.server
            let datagram = Frames.datagram(to: server, port: 4000, source: 7)
            let syn = Frames.segment(to: server, port: 4000, source: 80, flags: Frames.syn)
            let elsewhere = IPv4Address(server.bytes[0], server.bytes[1], server.bytes[2], 1)
            func row(_ name: String, after sent: [UInt8]? = nil, _ packet: [UInt8], _ counts: DropReason = .inbound)
                -> Row
            {
                Row(name, after: sent, toHub(packet), counts: counts)
            }
            return [
                row("a datagram of nobody's", Frames.datagram(from: server, to: address)),
                row("a datagram of another's", after: datagram, Frames.datagram(from: elsewhere, to: address)),
                row(
                    "a datagram from another port", after: datagram,
                    Frames.datagram(from: server, to: address, source: 4001)),
                row("a datagram to another port", after: datagram, Frames.datagram(from: server, to: address, port: 8)),
                row(
                    "a segment where there are datagrams", after: datagram,
                    Frames.segment(from: server, to: address, port: 7, flags: Frames.ack)),
                row("a segment of no connection", Frames.segment(from: server, to: address, flags: Frames.ack)),
                row("a reset of no connection", Frames.segment(from: server, to: address, flags: Frames.rst)),
                row(
                    "an answer to a reset",
                    after: Frames.segment(to: server, port: 4000, source: 80, flags: Frames.rst),
                    Frames.segment(from: server, to: address, flags: Frames.ack)),
                row("an echo", Frames.echo(8, from: server, to: address)),
                row("an echo back", after: Frames.echo(8, to: server), Frames.echo(8, from: server, to: address)),
                row("an answer to no echo", Frames.echo(0, from: server, to: address)),
                row("a protocol without ports", Frames.packet(from: server, to: address, proto: 50, [4, 3, 2, 1])),
                row(
                    "a later fragment of nothing", after: datagram,
                    Frames.packet(from: server, to: address, proto: 17, fragment: 9, [1, 2, 3, 4])),
                row(
                    "a report about another datagram", after: Frames.datagram(to: server, port: 9),
                    report(quoting: Frames.datagram(from: address, to: server), to: address)),
                row(
                    "a report about an answer to an echo", after: Frames.echo(0, to: server),
                    report(quoting: Frames.echo(0, from: address, to: server), to: address)),
                row("somebody's first segment", Frames.segment(from: server, to: address, flags: Frames.syn)),
                row(
                    "a first segment back", after: syn, Frames.segment(from: server, to: address, flags: Frames.syn)),
                row(
                    "somebody's first segment, cut before its flags",
                    Array(Frames.segment(from: server, to: address, flags: Frames.syn).prefix(30))),
                row(
                    "a report about somebody else's packet",
                    report(quoting: Frames.datagram(from: server, to: server), to: address), .malformed),
                row(
                    "an ICMP redirect",
                    Frames.packet(from: server, to: address, proto: 1, Frames.icmp(5, [0, 0, 0, 0])),
                    .malformed),
            ]
        }

        private static func delivered(_ packet: [UInt8], _ station: MACAddress = SlotAddresses.machine) -> [UInt8] {
            Frames.ethernet(to: station, from: SlotAddresses.gatewayStation, packet)
        }

        private func check(_ outcome: Programs.Outcome, _ row: Row) {
            #expect(outcome.verdict == (row.arrives == nil ? .drop : .redirect))
            if let arrives = row.arrives { #expect(outcome.frame == Self.delivered(arrives)) }
            #expect(outcome.counters.dropped == (row.counts.map { [$0: 1] } ?? [:]))
            #expect(outcome.counters.receivedPackets == (row.arrives == nil ? 0 : 1))
        }

        // MARK: - By the uplink

        private func checkByUplink(_ row: Row) throws {
            let programs = try Programs.direct.get()
            try programs.set(slot_mode_egress, nameServer: Self.outside.nameServer)
            if let sent = row.sent {
                let leaves = try programs.run(.hubFromSlot, at: Programs.Link.hub, Frames.ethernet(sent))
                #expect(leaves.verdict == .redirect && leaves.counters.sentPackets == 1)
            }
            check(try programs.run(.hubFromUplink, at: Programs.Link.host, row.frame), row)
        }

        static let uplinkRows = rows(for: LoadedPrograms.address, outside)
        static let uplinkStrangers = strangers(for: LoadedPrograms.address, outside)

        @Test("by the uplink comes what belongs to a flow of the guest's", arguments: uplinkRows)
        func uplink(_ row: Row) throws { try checkByUplink(row) }

        @Test("by the uplink comes nothing else", arguments: uplinkStrangers)
        func uplinkStranger(_ row: Row) throws { try checkByUplink(row) }

        @Test("processes are reached at their own interface")
        func processes() throws {
            let programs = try Programs.direct.get()
            try programs.set(slot_mode_egress, .processes)
            _ = try programs.run(
                .hubFromSlot, at: Programs.Link.hub,
                Frames.ethernet(
                    from: SlotAddresses.interface, Frames.datagram(to: Self.server, port: 4000, source: 7)))
            let outcome = try programs.run(
                .hubFromUplink, at: Programs.Link.host,
                Self.toHub(Frames.datagram(from: Self.server, to: Programs.address))
            )
            #expect(outcome.verdict == .redirect)
            #expect(
                outcome.frame
                    == Self.delivered(Frames.datagram(from: Self.server, to: Self.guest), SlotAddresses.interface))
        }

        @Test(
            "a slot that has no way out has none in",
            arguments: [slot_mode_closed, slot_mode_isolated, slot_mode_vpc])
        func otherModes(_ mode: slot_mode) throws {
            let programs = try Programs.direct.get()
            try programs.set(mode)
            let outcome = try programs.run(
                .hubFromUplink, at: Programs.Link.host,
                Self.toHub(Frames.datagram(from: Self.server, to: Programs.address))
            )
            #expect(outcome.verdict == .drop && outcome.counters.dropped == [.closed: 1])
        }

        @Test("what is for nobody is dropped and counted for nobody")
        func nobody() throws {
            let programs = try Programs.direct.get()
            try programs.set(slot_mode_egress)
            let frames = [
                Self.toHub(Frames.datagram(from: Self.server, to: IPv4Address(10, 200, 0, 3))),
                Self.toHub(Frames.datagram(from: Self.server, to: IPv4Address(10, 199, 255, 255))),
                Self.toHub(Frames.datagram(from: Self.server, to: IPv4Address(255, 255, 255, 255))),
                Frames.ethernet(type: 0x86dd, [0x60] + [UInt8](repeating: 0, count: 60)),
                Frames.ethernet(
                    type: 0x0806,
                    Frames.arp(1, sender: (Frames.nobody, Self.server), target: (Frames.nobody, Programs.address))),
            ]
            for frame in frames {
                let outcome = try programs.run(.hubFromUplink, at: Programs.Link.host, frame)
                #expect(outcome.verdict == .drop, "\(frame)")
                #expect(outcome.counters == SlotCounters())
            }
        }

        // MARK: - By the tunnel

        @Test(
            "by the tunnel of layout bridged it is the same",
            arguments: rows(for: LoadedPrograms.resident, inNetwork)
                + strangers(for: LoadedPrograms.resident, inNetwork))
        func tunnel(_ row: Row) throws {
            let programs = try Programs.bridged.get()
            try programs.set(slot_mode_vpc, nameServer: Self.inNetwork.nameServer)
            if let sent = row.sent {
                let leaves = try programs.run(.bridgedFromTap, at: Programs.Link.tap, Frames.ethernet(sent))
                #expect(leaves.verdict == .redirect && leaves.counters.sentPackets == 1)
            }
            check(try programs.run(.bridgedFromTunnel, at: Programs.Link.tunnel, row.frame), row)
        }

        @Test("in a network a slot is found by ARP, and nobody else by it")
        func networkARP() throws {
            let programs = try Programs.bridged.get()
            try programs.set(slot_mode_vpc)
            func question(_ operation: UInt8, about target: IPv4Address) -> [UInt8] {
                Frames.ethernet(
                    to: Frames.broadcast, from: Programs.gateway, type: 0x0806,
                    Frames.arp(
                        operation, sender: (Programs.gateway, IPv4Address(10, 1, 0, 1)), target: (Frames.nobody, target)
                    ))
            }
            for address in [Programs.resident, Programs.neighbour] {
                let station = MACAddress(0x02, 0x54, 10, 1, 0, address.bytes[3])
                let outcome = try programs.run(
                    .bridgedFromTunnel, at: Programs.Link.tunnel, question(1, about: address))
                #expect(outcome.verdict == .redirect)
                #expect(
                    outcome.frame
                        == Frames.ethernet(
                            to: Programs.gateway, from: station, type: 0x0806,
                            Frames.arp(
                                2, sender: (station, address), target: (Programs.gateway, IPv4Address(10, 1, 0, 1))))
                )
            }
            let dropped = [
                question(1, about: IPv4Address(10, 1, 0, 77)), question(2, about: Programs.resident),
                Array(question(1, about: Programs.resident).prefix(40)),
            ]
            for frame in dropped {
                #expect(try programs.run(.bridgedFromTunnel, at: Programs.Link.tunnel, frame).verdict == .drop)
            }
        }

        @Test("a frame of which no tunnel device says where it came from is dropped")
        func hubTunnel() throws {
            let programs = try Programs.direct.get()
            try programs.set(slot_mode_vpc)
            let outcome = try programs.run(
                .hubFromTunnel, at: Programs.Link.host,
                Self.toHub(Frames.datagram(from: Self.server, to: Programs.resident)))
            #expect(outcome.verdict == .drop && outcome.counters == SlotCounters())
        }

        // MARK: - Inside a slot of layout direct

        @Test("inside a slot of layout direct all that a machine sends goes to the hub, and what is for it to its tap")
        func direct() throws {
            let programs = try Programs.direct.get()
            try programs.set(slot_mode_egress)
            let frame = Frames.ethernet(Frames.datagram(to: Self.server))
            for frame in [frame, [UInt8](repeating: 0xff, count: 15)] {
                let outcome = try programs.run(.directFromTap, at: Programs.Link.tap, frame)
                #expect(outcome.verdict == .redirect && outcome.frame == frame)
            }
            let toMachine = Self.delivered(Frames.datagram(from: Self.server, to: Self.guest))
            let toProcesses = Self.delivered(
                Frames.datagram(from: Self.server, to: Self.guest), SlotAddresses.interface)
            for (frame, verdict) in [(toMachine, Programs.Verdict.redirect), (toProcesses, .pass)] {
                let outcome = try programs.run(.directFromHub, at: Programs.Link.host, frame)
                #expect(outcome.verdict == verdict && outcome.frame == frame)
            }
        }

        // MARK: - On the host

        @Test("the host passes on what it has a way for, and tells the slot what it has none for")
        func host() throws {
            let programs = try Programs.direct.get()
            try programs.set(slot_mode_egress)
            func leaving(_ packet: [UInt8]) -> [UInt8] { Self.toHub(packet) }
            let reachable = leaving(Frames.datagram(from: Programs.address, to: Programs.endpoint))
            let passed = try programs.run(.hostFromHub, at: Programs.Link.host, reachable)
            #expect(passed.verdict == .pass && passed.frame == reachable && passed.counters == SlotCounters())
            for to in [Self.server, Programs.hostAddress] {
                let packet = Frames.datagram(from: Programs.address, to: to)
                try programs.set(slot_mode_egress)
                let outcome = try programs.run(.hostFromHub, at: Programs.Link.host, leaving(packet))
                #expect(outcome.verdict == .redirect && outcome.counters.dropped == [.policy: 1])
                let answer = Frames.prohibited(packet, to: Programs.address)
                #expect(Array(outcome.frame.dropFirst(14)) == answer)
                #expect(outcome.frame.prefix(12) == leaving([])[6..<12] + leaving([])[0..<6])
            }
            for frame in [
                Frames.ethernet(type: 0x86dd, [0x60] + [UInt8](repeating: 0, count: 60)),
                leaving(Frames.datagram(from: IPv4Address(10, 200, 0, 3), to: Self.server)),
            ] {
                #expect(try programs.run(.hostFromHub, at: Programs.Link.host, frame).verdict == .drop)
            }
        }
    }
}
