import CSlotPrograms
import LinuxKit
import SlotNetwork
import TestSupport
import Testing

extension ProgramTests {
    /// Layout bridged on the way out, and the two programs of the host that put a slot's tunnel into its network.
    @Suite struct TunnelProgramTests {
        private typealias Programs = LoadedPrograms

        private static let inside = IPv4Address(10, 1, 7, 7)
        private static let server = IPv4Address(203, 0, 113, 9)

        // MARK: - In a slot

        static let ways: [(KernelPrograms.Program, NetlinkRequest.Link, Bool)] = [
            (.bridgedFromTap, LoadedPrograms.Link.tap, true), (.bridgedFromStack, LoadedPrograms.Link.bridge, false),
        ]

        @Test(
            "a frame for the slot's network gets to its tunnel, all others go on to the hub as they are",
            arguments: [0, 1])
        func fromGuest(_ way: Int) throws {
            let (program, link, isMachine) = Self.ways[way]
            let programs = try Programs.bridged.get()
            let station = isMachine ? SlotAddresses.machine : SlotAddresses.interface
            let resident = Programs.resident.bytes
            func set(_ mode: slot_mode) throws { try programs.set(mode, isMachine ? .machine : .processes) }
            func frame(_ packet: [UInt8], from: MACAddress? = nil) -> [UInt8] {
                Frames.ethernet(from: from ?? station, packet)
            }

            try set(slot_mode_vpc)
            let outcome = try programs.run(program, at: link, frame(Frames.datagram(to: Self.inside)))
            #expect(outcome.verdict == .redirect && outcome.counters.sentPackets == 1)
            #expect(
                outcome.frame
                    == Frames.ethernet(
                        to: Programs.gateway,
                        from: MACAddress(0x02, 0x54, resident[0], resident[1], resident[2], resident[3]),
                        Frames.datagram(from: Programs.resident, to: Self.inside)))

            let others: [[UInt8]] = [
                frame(Frames.datagram(to: Self.server)), frame(Frames.datagram(to: Programs.neighbour)),
                frame(Frames.datagram(to: IPv4Address(169, 254, 169, 254))),
                frame(Frames.datagram(from: Self.server, to: Self.inside)),
                frame(Frames.datagram(to: Self.inside), from: Frames.nobody),
                Frames.ethernet(to: Frames.broadcast, from: station, Frames.datagram(to: Self.inside)),
                Frames.ethernet(
                    from: station, type: 0x0806,
                    Frames.arp(
                        1, sender: (station, SlotAddresses.guest), target: (Frames.nobody, SlotAddresses.gateway))),
                Frames.ethernet(from: station, type: 0x86dd, [0x60] + [UInt8](repeating: 0, count: 60)),
            ]
            for other in others {
                let outcome = try programs.run(program, at: link, other)
                #expect(outcome.verdict == .pass && outcome.frame == other, "\(other)")
            }
            for mode in [slot_mode_closed, slot_mode_isolated, slot_mode_egress] {
                try set(mode)
                let sent = frame(Frames.datagram(to: Self.inside))
                let outcome = try programs.run(program, at: link, sent)
                #expect(outcome.verdict == .pass && outcome.frame == sent && outcome.counters == SlotCounters())
            }
        }

        // MARK: - On the host

        /// RFC 7348, 5: outer headers without a UDP checksum, the identifier, the frame.
        private static func encapsulated(
            _ frame: [UInt8], network: UInt32, from: IPv4Address, to: IPv4Address, port: UInt16 = 4789, flags: UInt8 = 8
        ) -> [UInt8] {
            let header: [UInt8] = [flags, 0, 0, 0] + Frames.bytes(network << 8)
            let length = UInt16(8 + header.count + frame.count)
            let datagram =
                Frames.bytes(UInt16(5000)) + Frames.bytes(port) + Frames.bytes(length) + [0, 0] + header + frame
            return Frames.ethernet(Frames.packet(from: from, to: to, proto: 17, datagram))
        }

        private static let out = Frames.ethernet(Frames.datagram(from: LoadedPrograms.resident, to: inside))

        private static func fromTunnel(_ frame: [UInt8] = out, network: UInt32 = LoadedPrograms.dummyNetwork + 1)
            -> [UInt8]
        {
            encapsulated(frame, network: network, from: Programs.trunkAddress, to: Programs.dummyEndpoint)
        }

        @Test("what a slot's tunnel sends leaves the host in the slot's network, between the real ends")
        func fromTrunk() throws {
            let programs = try Programs.bridged.get()
            try programs.set(slot_mode_vpc)
            let outcome = try programs.run(.hostFromTrunk, at: Programs.Link.host, Self.fromTunnel())
            #expect(outcome.verdict == .redirect && outcome.counters == SlotCounters())
            #expect(
                outcome.frame
                    == Self.encapsulated(
                        Self.out, network: Programs.network, from: Programs.hostAddress, to: Programs.endpoint))
        }

        @Test("nothing else leaves by a trunk")
        func notFromTrunk() throws {
            let programs = try Programs.bridged.get()
            let elsewhere = Frames.ethernet(Frames.datagram(from: Programs.resident, to: Self.server))
            let rows: [(slot_mode, [UInt8], DropReason?)] = [
                (slot_mode_egress, Self.fromTunnel(), .closed), (slot_mode_closed, Self.fromTunnel(), .closed),
                (slot_mode_vpc, Self.fromTunnel(elsewhere), .policy),
                (
                    slot_mode_vpc, Self.fromTunnel(Frames.ethernet(type: 0x86dd, [UInt8](repeating: 0, count: 60))),
                    .policy
                ),
                (slot_mode_vpc, Self.fromTunnel(network: Programs.dummyNetwork + 3), nil),
                (slot_mode_vpc, Self.fromTunnel(network: Programs.network), nil),
                (
                    slot_mode_vpc,
                    Self.encapsulated(
                        Self.out, network: Programs.dummyNetwork + 1, from: Programs.trunkAddress, to: Programs.endpoint
                    ),
                    nil
                ),
                (
                    slot_mode_vpc,
                    Self.encapsulated(
                        Self.out, network: Programs.dummyNetwork + 1, from: Programs.trunkAddress,
                        to: Programs.dummyEndpoint, port: 53), nil
                ),
                (
                    slot_mode_vpc,
                    Self.encapsulated(
                        Self.out, network: Programs.dummyNetwork + 1, from: Programs.trunkAddress,
                        to: Programs.dummyEndpoint, flags: 0), nil
                ),
                (
                    slot_mode_vpc,
                    Frames.ethernet(Frames.datagram(from: Programs.trunkAddress, to: Programs.dummyEndpoint)), nil
                ),
                (
                    slot_mode_vpc,
                    Frames.ethernet(
                        Frames.segment(from: Programs.trunkAddress, to: Programs.dummyEndpoint, flags: Frames.syn)), nil
                ),
                (slot_mode_vpc, Array(Self.fromTunnel().prefix(60)), nil),
            ]
            for (mode, frame, reason) in rows {
                try programs.set(mode)
                let outcome = try programs.run(.hostFromTrunk, at: Programs.Link.host, frame)
                #expect(outcome.verdict == .drop, "\(frame)")
                #expect(outcome.counters.dropped == (reason.map { [$0: 1] } ?? [:]), "\(frame)")
            }
        }

        @Test("what comes for a slot in its network goes to its trunk, all else stays the host's")
        func fromNetwork() throws {
            let programs = try Programs.bridged.get()
            try programs.set(slot_mode_vpc)
            let inner = Frames.ethernet(
                from: Programs.gateway, Frames.datagram(from: Self.inside, to: Programs.resident))
            let question = Frames.ethernet(
                to: Frames.broadcast, from: Programs.gateway, type: 0x0806,
                Frames.arp(1, sender: (Programs.gateway, Self.inside), target: (Frames.nobody, Programs.resident)))
            for frame in [inner, question] {
                let outcome = try programs.run(
                    .hostFromTunnel, at: Programs.Link.host,
                    Self.encapsulated(
                        frame, network: Programs.network, from: Programs.endpoint, to: Programs.hostAddress))
                #expect(outcome.verdict == .redirect)
                #expect(
                    outcome.frame
                        == Self.encapsulated(
                            frame, network: Programs.dummyNetwork + 1, from: Programs.endpoint,
                            to: Programs.trunkAddress))
            }
            let others = [
                Self.encapsulated(
                    inner, network: Programs.network + 1, from: Programs.endpoint, to: Programs.hostAddress),
                Self.encapsulated(
                    inner, network: Programs.network, from: Programs.endpoint, to: Programs.hostAddress, port: 4790),
                Self.encapsulated(
                    Self.out, network: Programs.network, from: Programs.endpoint, to: Programs.hostAddress),
                Frames.ethernet(Frames.segment(from: Programs.endpoint, to: Programs.hostAddress, flags: Frames.syn)),
                Frames.ethernet(type: 0x86dd, [UInt8](repeating: 0, count: 60)),
            ]
            for frame in others {
                let outcome = try programs.run(.hostFromTunnel, at: Programs.Link.host, frame)
                #expect(outcome.verdict == .unspecified && outcome.frame == frame, "\(frame)")
            }
            // No trunk is that of slot 7.
            try programs.programs.maps.add(resident: Self.inside, of: Programs.network + 2, slot: 7)
            let lost = Self.encapsulated(
                Self.out, network: Programs.network + 2, from: Programs.endpoint, to: Programs.hostAddress)
            #expect(try programs.run(.hostFromTunnel, at: Programs.Link.host, lost).verdict == .drop)
        }
    }
}
