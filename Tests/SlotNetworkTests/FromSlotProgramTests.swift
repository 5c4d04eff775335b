import CSlotPrograms
import LinuxKit
import SlotNetwork
import TestSupport
import Testing

extension ProgramTests {
    /// What the hub's end of a slot's veth makes of each frame, in each mode: the verdict, the frame as it goes on, and what is counted.
    @Suite struct FromSlotProgramTests {
        private typealias Programs = LoadedPrograms

        struct Row: Sendable, CustomTestStringConvertible {
            var name: String
            var mode: slot_mode
            var frame: [UInt8]
            /// The frame that goes on; nil: it is dropped.
            var becomes: [UInt8]?
            var counts: DropReason?
            var nameServer: IPv4Address?
            var testDescription: String { name }

            init(
                _ name: String, _ mode: slot_mode, _ frame: [UInt8], becomes: [UInt8]? = nil, counts: DropReason? = nil,
                nameServer: IPv4Address? = nil
            ) {
                (self.name, self.mode, self.frame, self.becomes) = (name, mode, frame, becomes)
                (self.counts, self.nameServer) = (counts, nameServer)
            }
        }

        // MARK: - Frames

        private static let server = IPv4Address(203, 0, 113, 9)
        private static let nameServer = IPv4Address(169, 254, 169, 253)
        private static let inside = IPv4Address(10, 1, 7, 7)

        private static func out(_ packet: [UInt8]) -> [UInt8] { Frames.ethernet(packet) }
        /// By the uplink.
        private static func sent(_ packet: [UInt8]) -> [UInt8] {
            Frames.ethernet(to: MACAddress(0x02, 0x54, 0x48, 0x41, 0x57, 0xf0), packet)
        }
        /// By the tunnel.
        private static func tunnelled(_ packet: [UInt8]) -> [UInt8] {
            let station = Programs.resident.bytes
            return Frames.ethernet(
                to: Programs.gateway, from: MACAddress(0x02, 0x54, station[0], station[1], station[2], station[3]),
                packet)
        }
        /// Back to the guest.
        private static func answered(_ packet: [UInt8]) -> [UInt8] {
            Frames.ethernet(to: SlotAddresses.machine, from: SlotAddresses.gatewayStation, packet)
        }
        private static func answeredARP(_ packet: [UInt8]) -> [UInt8] {
            Frames.ethernet(to: SlotAddresses.machine, from: SlotAddresses.gatewayStation, type: 0x0806, packet)
        }

        private static func question(
            _ operation: UInt8 = 1, station: MACAddress = SlotAddresses.machine,
            from: IPv4Address = SlotAddresses.guest,
            about target: IPv4Address = SlotAddresses.gateway
        ) -> [UInt8] {
            Frames.ethernet(
                to: Frames.broadcast, type: 0x0806,
                Frames.arp(operation, sender: (station, from), target: (Frames.nobody, target)))
        }

        private static func refusedReset(_ flags: UInt8, to: IPv4Address) -> [UInt8] {
            // RFC 9293, 3.5.2: a segment with an acknowledgement is answered by its number, one without by what it takes up.
            let reset =
                flags & Frames.ack != 0
                ? Frames.tcp(from: to, to: SlotAddresses.guest, port: 4000, source: 80, flags: Frames.rst, sequence: 77)
                : Frames.tcp(
                    from: to, to: SlotAddresses.guest, port: 4000, source: 80, flags: Frames.rst | Frames.ack,
                    sequence: 0,
                    acknowledged: flags & Frames.syn != 0 ? 1001 : 1000)
            return answered(Frames.packet(from: to, to: SlotAddresses.guest, proto: 6, identifier: 0, reset))
        }

        // MARK: - Rows

        private static let passing: [Row] = [
            Row(
                "egress: a datagram", slot_mode_egress, out(Frames.datagram(to: server)),
                becomes: sent(Frames.datagram(from: Programs.address, to: server))),
            Row(
                "egress: a datagram behind header options", slot_mode_egress,
                out(Frames.datagram(to: server, options: [1, 1, 1, 0])),
                becomes: sent(Frames.datagram(from: Programs.address, to: server, options: [1, 1, 1, 0]))),
            Row(
                "egress: a connection's first segment", slot_mode_egress,
                out(Frames.segment(to: server, flags: Frames.syn)),
                becomes: sent(Frames.segment(from: Programs.address, to: server, flags: Frames.syn))),
            Row(
                "egress: a segment with content", slot_mode_egress,
                out(Frames.segment(to: server, flags: Frames.ack, Array("GET / HTTP/1.1".utf8))),
                becomes: sent(
                    Frames.segment(from: Programs.address, to: server, flags: Frames.ack, Array("GET / HTTP/1.1".utf8)))
            ),
            Row(
                "egress: an echo request", slot_mode_egress, out(Frames.echo(8, to: server)),
                becomes: sent(Frames.echo(8, from: Programs.address, to: server))),
            Row(
                "egress: a protocol without ports", slot_mode_egress,
                out(Frames.packet(to: server, proto: 47, [0, 0, 8, 0])),
                becomes: sent(Frames.packet(from: Programs.address, to: server, proto: 47, [0, 0, 8, 0]))),
            Row(
                "egress: the first fragment has a transport header", slot_mode_egress,
                out(Frames.packet(to: server, proto: 17, fragment: 0x2000, Frames.udp(to: server, port: 7, [5]))),
                becomes: sent(
                    Frames.packet(
                        from: Programs.address, to: server, proto: 17, fragment: 0x2000,
                        Frames.udp(from: Programs.address, to: server, port: 7, [5])))),
            Row(
                "egress: a later fragment has none", slot_mode_egress,
                out(Frames.packet(to: server, proto: 17, fragment: 3, [1, 2, 3, 4, 5, 6, 7, 8])),
                becomes: sent(
                    Frames.packet(from: Programs.address, to: server, proto: 17, fragment: 3, [1, 2, 3, 4, 5, 6, 7, 8]))
            ),
            Row(
                "egress: no checksum stays none", slot_mode_egress,
                out(Frames.packet(to: server, proto: 17, [15, 160, 0, 7, 0, 9, 0, 0, 1])),
                becomes: sent(
                    Frames.packet(from: Programs.address, to: server, proto: 17, [15, 160, 0, 7, 0, 9, 0, 0, 1]))),
            Row(
                "egress: what the gateway is asked for names goes to the name server", slot_mode_egress,
                out(Frames.datagram(to: SlotAddresses.gateway, port: 53)),
                becomes: sent(Frames.datagram(from: Programs.address, to: nameServer, port: 53)), nameServer: nameServer
            ),
            Row(
                "egress: by TCP, too", slot_mode_egress,
                out(Frames.segment(to: SlotAddresses.gateway, port: 53, flags: Frames.syn)),
                becomes: sent(Frames.segment(from: Programs.address, to: nameServer, port: 53, flags: Frames.syn)),
                nameServer: nameServer),
            Row(
                "vpc: a datagram", slot_mode_vpc, out(Frames.datagram(to: inside)),
                becomes: tunnelled(Frames.datagram(from: Programs.resident, to: inside))),
            Row(
                "vpc: a segment", slot_mode_vpc, out(Frames.segment(to: inside, flags: Frames.syn)),
                becomes: tunnelled(Frames.segment(from: Programs.resident, to: inside, flags: Frames.syn))),
        ]

        /// Who asks is told: datagrams and echoes that the network is closed, segments that nobody is there.
        private static let refused: [Row] = [
            (slot_mode_isolated, server), (slot_mode_egress, IPv4Address(169, 254, 169, 254)),
            (slot_mode_egress, IPv4Address(127, 0, 0, 1)), (slot_mode_egress, IPv4Address(0, 1, 2, 3)),
            (slot_mode_egress, IPv4Address(100, 100, 100, 200)), (slot_mode_egress, IPv4Address(10, 200, 0, 2)),
            (slot_mode_egress, SlotAddresses.gateway), (slot_mode_vpc, server),
            (slot_mode_vpc, IPv4Address(169, 254, 169, 254)),
            (slot_mode_vpc, Programs.neighbour),
        ].flatMap { mode, to in
            let datagram = Frames.datagram(to: to)
            let echo = Frames.echo(8, to: to)
            let name = "mode \(mode.rawValue) to \(to)"
            return [
                Row(
                    "\(name): a datagram", mode, out(datagram), becomes: answered(Frames.prohibited(datagram)),
                    counts: .policy),
                Row(
                    "\(name): an echo request", mode, out(echo), becomes: answered(Frames.prohibited(echo)),
                    counts: .policy
                ),
                Row(
                    "\(name): a first segment", mode, out(Frames.segment(to: to, flags: Frames.syn)),
                    becomes: refusedReset(Frames.syn, to: to), counts: .policy),
                Row(
                    "\(name): a later segment", mode, out(Frames.segment(to: to, flags: Frames.ack, [1, 2, 3])),
                    becomes: refusedReset(Frames.ack, to: to), counts: .policy),
                Row("\(name): a reset", mode, out(Frames.segment(to: to, flags: Frames.rst)), counts: .policy),
                Row(
                    "\(name): an ICMP error", mode, out(Frames.packet(to: to, proto: 1, Frames.icmp(3, datagram))),
                    counts: .policy),
                Row(
                    "\(name): a later fragment", mode,
                    out(Frames.packet(to: to, proto: 17, fragment: 3, [1, 2, 3, 4])),
                    counts: .policy),
            ]
        }

        private static let special: [Row] = [
            Row(
                "the question for the gateway", slot_mode_isolated, question(),
                becomes: answeredARP(
                    Frames.arp(
                        2, sender: (SlotAddresses.gatewayStation, SlotAddresses.gateway),
                        target: (SlotAddresses.machine, SlotAddresses.guest)))),
            Row("an ARP answer", slot_mode_egress, question(2), counts: .arp),
            Row("a question for another", slot_mode_egress, question(about: server), counts: .arp),
            Row("a question about itself", slot_mode_egress, question(about: SlotAddresses.guest), counts: .arp),
            Row("a question as another", slot_mode_egress, question(from: server), counts: .arp),
            Row("a question by another station", slot_mode_egress, question(station: Frames.nobody), counts: .arp),
            Row("half a question", slot_mode_egress, Array(question().prefix(30)), counts: .malformed),
            Row(
                "the name server by its own address", slot_mode_egress, out(Frames.datagram(to: nameServer, port: 53)),
                becomes: answered(Frames.prohibited(Frames.datagram(to: nameServer, port: 53))), counts: .policy,
                nameServer: nameServer),
            Row(
                "another service of the gateway", slot_mode_egress,
                out(Frames.datagram(to: SlotAddresses.gateway, port: 54)),
                becomes: answered(Frames.prohibited(Frames.datagram(to: SlotAddresses.gateway, port: 54))),
                counts: .policy,
                nameServer: nameServer),
        ]

        /// Whatever a slot may reach, but for nothing at all.
        private static let hostile: [Row] = [slot_mode_isolated, slot_mode_egress, slot_mode_vpc].flatMap { mode in
            let good = Frames.datagram(to: inside)
            var fourWords = good
            fourWords[0] = 0x44
            var sixth = good
            sixth[0] = 0x65
            let rows: [(String, [UInt8], DropReason)] = [
                ("another's hardware address", Frames.ethernet(from: Frames.nobody, good), .spoofed),
                ("the processes' hardware address", Frames.ethernet(from: SlotAddresses.interface, good), .spoofed),
                ("another's address", out(Frames.datagram(from: Programs.address, to: inside)), .spoofed),
                ("to all stations", Frames.ethernet(to: Frames.broadcast, good), .broadcast),
                ("to a group of stations", Frames.ethernet(to: MACAddress(1, 0, 0x5e, 0, 0, 1), good), .broadcast),
                ("to a group of hosts", out(Frames.datagram(to: IPv4Address(224, 0, 0, 251))), .broadcast),
                ("to all hosts", out(Frames.datagram(to: IPv4Address(255, 255, 255, 255))), .broadcast),
                ("IPv6", Frames.ethernet(type: 0x86dd, [0x60] + [UInt8](repeating: 0, count: 60)), .protocol),
                ("a VLAN", Frames.ethernet(type: 0x8100, [0, 5, 8, 0] + good), .protocol),
                ("no type at all", Frames.ethernet(type: 0, good), .protocol),
                ("a header of four words", out(fourWords), .malformed),
                ("version 6 in a frame of 4", out(sixth), .malformed),
            ]
            return rows.map { Row("mode \(mode.rawValue): \($0.0)", mode, $0.1, counts: $0.2) }
                + [Row("mode \(mode.rawValue): garbage", mode, [UInt8](repeating: 0xA5, count: 64), counts: .spoofed)]
        }

        private static let cut: [Row] = [
            ("a datagram without its checksum", Array(Frames.datagram(to: server).prefix(26))),
            ("a segment without its checksum", Array(Frames.segment(to: server, flags: Frames.syn).prefix(36))),
            ("ICMP without a type", Array(Frames.echo(8, to: server).prefix(20))),
            ("an ICMP redirect", Frames.packet(to: server, proto: 1, Frames.icmp(5, Frames.datagram(to: server)))),
            (
                "an ICMP error about another's packet",
                Frames.packet(to: server, proto: 1, Frames.icmp(3, Frames.datagram(from: server, to: server)))
            ),
            (
                "options beyond the end",
                {
                    var packet = Frames.datagram(to: server); packet[0] = 0x4f; return packet
                }()
            ),
        ].map { Row("egress: \($0.0)", slot_mode_egress, out($0.1), counts: .malformed) }

        static let rows: [Row] =
            passing + refused + special + hostile + cut
            + [
                Row("closed: a datagram", slot_mode_closed, out(Frames.datagram(to: server)), counts: .closed),
                Row("closed: the question for the gateway", slot_mode_closed, question(), counts: .closed),
            ]

        // MARK: - Tests

        @Test("what leaves a slot", arguments: rows)
        func leaving(_ row: Row) throws {
            let programs = try Programs.direct.get()
            try programs.set(row.mode, nameServer: row.nameServer)
            let outcome = try programs.run(.hubFromSlot, at: Programs.Link.hub, row.frame)
            #expect(outcome.verdict == (row.becomes == nil ? .drop : .redirect))
            if let becomes = row.becomes { #expect(outcome.frame == becomes) }
            #expect(outcome.counters.dropped == (row.counts.map { [$0: 1] } ?? [:]))
            let isSent = row.counts == nil && row.frame[12...13] != [8, 6]
            #expect(outcome.counters.sentPackets == (isSent ? 1 : 0))
            #expect(outcome.counters.sentBytes == (isSent ? UInt64(row.frame.count) : 0))
        }

        @Test("processes send by their own hardware address, and are answered there")
        func processes() throws {
            let programs = try Programs.direct.get()
            try programs.set(slot_mode_isolated, .processes)
            let packet = Frames.datagram(to: Self.server)
            let outcome = try programs.run(
                .hubFromSlot, at: Programs.Link.hub, Frames.ethernet(from: SlotAddresses.interface, packet))
            #expect(outcome.verdict == .redirect)
            #expect(
                outcome.frame
                    == Frames.ethernet(
                        to: SlotAddresses.interface, from: SlotAddresses.gatewayStation, Frames.prohibited(packet)))
            try programs.set(slot_mode_isolated, .processes)
            let other = try programs.run(.hubFromSlot, at: Programs.Link.hub, Frames.ethernet(packet))
            #expect(other.verdict == .drop && other.counters.dropped == [.spoofed: 1])
        }

        @Test("in layout bridged a slot's packets for its network do not come by the hub")
        func bridged() throws {
            let programs = try Programs.bridged.get()
            try programs.set(slot_mode_vpc)
            let packet = Frames.datagram(to: Self.inside)
            let outcome = try programs.run(.hubFromSlot, at: Programs.Link.hub, Frames.ethernet(packet))
            #expect(outcome.verdict == .redirect)
            #expect(outcome.frame == Self.answered(Frames.prohibited(packet)))
            #expect(outcome.counters.dropped == [.policy: 1])
        }

        @Test("a slot sends no more than its burst and its rate")
        func rate() throws {
            let programs = try Programs.slow.get()
            try programs.set(slot_mode_egress)
            let frame = Frames.ethernet(Frames.datagram(to: Self.server, [UInt8](repeating: 0, count: 28)))
            let first = try programs.run(.hubFromSlot, at: Programs.Link.hub, frame)
            #expect(first.verdict == .redirect)
            let second = try programs.run(.hubFromSlot, at: Programs.Link.hub, frame)
            #expect(second.verdict == .drop && second.counters.dropped == [.rate: 1])
        }

        @Test("an interface that is no slot's passes nothing")
        func stranger() throws {
            let programs = try Programs.direct.get()
            try programs.set(slot_mode_egress)
            for link in [Programs.Link.host, Programs.Link.tap] {
                let outcome = try programs.run(
                    .hubFromSlot, at: link, Frames.ethernet(Frames.datagram(to: Self.server)))
                #expect(outcome.verdict == .drop)
                #expect(outcome.counters == SlotCounters())
            }
        }

        /// Each byte of good frames changed in several ways, and each good frame cut behind its headers: whatever goes on has the slot's own
        /// address, or goes back to the guest.
        @Test(
            "whatever a guest writes, nothing leaves under another's address",
            arguments: [slot_mode_egress, slot_mode_vpc])
        func mutated(_ mode: slot_mode) throws {
            let programs = try Programs.direct.get()
            try programs.set(mode, nameServer: Self.nameServer)
            let good = Self.rows.filter { $0.mode == mode && $0.becomes != nil }.map(\.frame)
            var frames: [[UInt8]] = []
            for frame in good {
                for length in (14 + 20)..<frame.count { frames.append(Array(frame.prefix(length))) }
                for index in frame.indices {
                    for mask in [0x01, 0x80, 0xff, UInt8(truncatingIfNeeded: index &* 37 | 1)] {
                        var changed = frame
                        changed[index] ^= mask
                        frames.append(changed)
                    }
                }
            }
            let outside = mode == slot_mode_vpc ? Programs.resident : Programs.address
            for (frame, result) in zip(frames, try programs.run(.hubFromSlot, at: Programs.Link.hub, frames)) {
                let verdict = Programs.Verdict(rawValue: result.verdict)
                #expect(verdict == .drop || verdict == .redirect, "\(frame)")
                guard verdict == .redirect else { continue }
                let isBack = Array(result.frame.prefix(6)) == SlotAddresses.machine.bytes
                let hasOwnAddress = result.frame.count >= 34 && Array(result.frame[26..<30]) == outside.bytes
                #expect(isBack || hasOwnAddress, "\(frame) becomes \(result.frame)")
            }
        }
    }
}
