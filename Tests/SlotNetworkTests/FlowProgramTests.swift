import CSlotPrograms
import LinuxKit
import SlotNetwork
import TestSupport
import Testing

private let server = IPv4Address(203, 0, 113, 9)

extension ProgramTests {
    /// The table of flows over more than one packet.
    @Suite struct FlowProgramTests {
        private typealias Programs = LoadedPrograms

        @Test("later fragments follow the first one of their packet")
        func fragments() throws {
            let programs = try Programs.direct.get()
            try programs.set(slot_mode_egress)
            func fragment(_ offset: UInt16, _ identifier: UInt16 = 1, from: IPv4Address = server) -> [UInt8] {
                let bytes = Frames.udp(from: from, to: Programs.address, port: 7, source: 4000, [1, 2, 3, 4])
                return Frames.ethernet(
                    Frames.packet(
                        from: from, to: Programs.address, proto: 17, fragment: offset, identifier: identifier, bytes))
            }
            func passes(_ frame: [UInt8]) throws -> Bool {
                try programs.run(.hubFromUplink, at: Programs.Link.host, frame).verdict == .redirect
            }
            _ = try programs.run(
                .hubFromSlot, at: Programs.Link.hub,
                Frames.ethernet(Frames.datagram(to: server, port: 4000, source: 7)))
            #expect(try !passes(fragment(2)))
            #expect(try passes(fragment(0x2000)))
            #expect(try passes(fragment(0x2002)) && passes(fragment(4)))
            #expect(try !passes(fragment(2, 2)) && !passes(fragment(2, from: IPv4Address(203, 0, 113, 10))))
        }

        @Test("a slot's flows vanish with its reset, and no other slot can push them out")
        func owners() throws {
            let programs = try Programs.direct.get()
            try programs.set(slot_mode_egress)
            let question = Frames.ethernet(Frames.datagram(to: server, port: 4000, source: 7))
            let answer = Frames.ethernet(Frames.datagram(from: server, to: Programs.address))
            func answers() throws -> Bool {
                try programs.run(.hubFromUplink, at: Programs.Link.host, answer).verdict == .redirect
            }
            _ = try programs.run(.hubFromSlot, at: Programs.Link.hub, question)
            var neighbour = try programs.programs.maps.entry(of: Programs.slot)
            neighbour.interface = UInt32(Programs.Link.neighbour.index)
            neighbour.address = (Programs.address + 1).rawValue.bigEndian
            try programs.programs.maps.set(neighbour, of: Programs.slot + 1)
            let flood = (0..<5000).map { number in
                Frames.ethernet(
                    Frames.datagram(to: server + UInt32(number / 1000), port: 4000, source: UInt16(10_000 + number)))
            }
            _ = try programs.run(.hubFromSlot, at: Programs.Link.neighbour, flood)
            #expect(try answers())
            try programs.programs.maps.clearFlows(of: Programs.slot)
            #expect(try !answers())
        }

        @Test("a guest may have a thousand conversations, and a flood of short ones ends no connection")
        func capacity() throws {
            let programs = try Programs.direct.get()
            try programs.set(slot_mode_egress)
            let ports = (0..<1000).map { UInt16(20_000 + $0) }
            func segments(_ flags: UInt8) -> [[UInt8]] {
                ports.map { Frames.ethernet(Frames.segment(to: server, port: 443, source: $0, flags: flags)) }
            }
            func answered(_ flags: UInt8) throws -> Int {
                let frames = ports.map { port in
                    Frames.ethernet(
                        Frames.segment(from: server, to: Programs.address, port: port, source: 443, flags: flags))
                }
                return try programs.run(.hubFromUplink, at: Programs.Link.host, frames)
                    .count { $0.verdict == Programs.Verdict.redirect.rawValue }
            }
            _ = try programs.run(.hubFromSlot, at: Programs.Link.hub, segments(Frames.syn))
            #expect(try answered(Frames.syn | Frames.ack) == 1000)
            let flood = (0..<5000).map { number in
                Frames.ethernet(Frames.datagram(to: server, port: 53, source: UInt16(30_000 + number)))
            }
            _ = try programs.run(.hubFromSlot, at: Programs.Link.hub, flood)
            #expect(try answered(Frames.ack) == 1000)
        }
    }
}
