internal import Basics
internal import CLibbpf
internal import CSlotPrograms
import Glibc
package import LinuxKit
internal import SystemPackage

/// How the slots' programs are put at interfaces.
package enum ProgramAttachment: String, Sendable, CaseIterable, Codable {
    /// Linux 6.6 or later: one system call a program.
    case tcx
    /// Every kernel: a queueing discipline at each interface, and a filter in it for each program.
    case clsact

    /// The better one that this kernel has. Blocks for 20 ms.
    package static func best() throws(SlotError) -> ProgramAttachment {
        var settings = slot_settings()
        settings.count = 1
        return try rethrowing(try KernelPrograms.load(settings, attachment: nil).attachment, as: SlotError.host)
    }
}

extension KernelPrograms {
    /// Which way a program looks on its interface.
    package enum Hook: Sendable {
        case ingress, egress

        /// BPF_TCX_INGRESS and BPF_TCX_EGRESS of linux/bpf.h since 6.6, which is younger than Debian 12's headers.
        fileprivate var type: bpf_attach_type { bpf_attach_type(rawValue: self == .ingress ? 46 : 47) }
        fileprivate var classifier: NetlinkRequest.Classifier { self == .ingress ? .ingress : .egress }
    }

    /// A program, and where it is to be.
    package struct Place: Sendable {
        let program: Program
        let link: NetlinkRequest.Link
        let hook: Hook

        package init(_ program: Program, _ link: NetlinkRequest.Link, _ hook: Hook) {
            (self.program, self.link, self.hook) = (program, link, hook)
        }

        fileprivate var action: String { "attach \(program.rawValue) to link \(link.index)" }
    }

    /// Has programs see every frame at interfaces of ours in the calling thread's network namespace, for as long as the interfaces
    /// exist: a slot is at no time without its policy, whoever dies.
    func attach(_ places: [Place]) throws(NetworkError) {
        switch attachment {
        case .tcx:
            for place in places {
                try Self.check(place.action) {
                    descriptor(of: place.program).withRaw {
                        bpf_prog_attach($0, place.link.index, place.hook.type, 0)
                    }
                }
            }
        case .clsact:
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try netlink.perform(
                places.flatMap { [.makeClassifiers(at: $0.link), filter($0, named: $0.program.rawValue)] })
        }
    }

    /// The same by tcx, for as long as the descriptor that is returned is open.
    func link(_ place: Place) throws(NetworkError) -> OwnedDescriptor {
        let raw = try Self.check(place.action) {
            descriptor(of: place.program).withRaw { bpf_link_create($0, place.link.index, place.hook.type, nil) }
        }
        return OwnedDescriptor(adopting: raw)
    }

    /// The same by clsact, under a name: what puts the program into classifiers that are there.
    package func filter(_ place: Place, named name: String) -> NetlinkRequest {
        descriptor(of: place.program).withRaw { raw in
            NetlinkRequest.add(program: raw, named: name, to: place.link, place.hook.classifier)
        }
    }

    /// The best way that this kernel has. Asks it for an interface that cannot exist: one that knows no tcx does not come to look.
    static func bestAttachment(of program: SharedDescriptor) throws(NetworkError) -> ProgramAttachment {
        switch program.withRaw({ bpf_prog_attach($0, CInt.max, Hook.ingress.type, 0) }) {
        case -ENODEV: .tcx
        case -EINVAL, -ENOTSUP: .clsact
        case let outcome: throw NetworkError("ask how programs can be attached", Errno(rawValue: -outcome))
        }
    }
}
