internal import CLinux
import Glibc

/// Requests about programs at a link's classifiers: see tc-bpf(8).
extension NetlinkRequest {
    /// The two places of the queueing discipline clsact.
    package enum Classifier: Sendable, Hashable, CaseIterable {
        case ingress, egress

        /// TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS or TC_H_MIN_EGRESS) of linux/pkt_sched.h.
        fileprivate var parent: UInt32 { self == .ingress ? 0xffff_fff2 : 0xffff_fff3 }
    }

    /// `tc qdisc replace dev LINK clsact`. One that is there stays as it is.
    package static func makeClassifiers(at link: Link) -> NetlinkRequest {
        classifiers("make classifiers at link \(link.index)", RTM_NEWQDISC, flags: NLM_F_CREATE | NLM_F_REPLACE, link)
    }

    /// `tc qdisc del dev LINK clsact`: with it goes what is in it.
    package static func removeClassifiers(from link: Link) -> NetlinkRequest {
        classifiers("remove the classifiers of link \(link.index)", RTM_DELQDISC, flags: 0, link)
    }

    private static func classifiers(_ action: String, _ type: Int, flags: CInt, _ link: Link) -> NetlinkRequest {
        var header = tcmsg()
        header.tcm_ifindex = link.index
        // TC_H_CLSACT, and its own handle.
        (header.tcm_parent, header.tcm_handle) = (0xffff_fff1, NetlinkReply.classifiersHandle)
        var request = NetlinkRequest(action, type, flags: flags, header)
        request.add(TCA_KIND, text: "clsact")
        request.kernelModule = "sch_ingress"
        return request
    }

    /// `tc filter add dev LINK ingress bpf direct-action`: the program's verdict is the packet's, and TC_ACT_UNSPEC leaves it to
    /// the programs behind. A new one comes before those that are there.
    /// - Parameters:
    ///   - program: the number of an open descriptor of it.
    ///   - name: what it is found by again.
    package static func add(program: CInt, named name: String, to link: Link, _ classifier: Classifier)
        -> NetlinkRequest
    {
        var request = filter(
            "add program \(name) to link \(link.index)", RTM_NEWTFILTER, flags: NLM_F_CREATE | NLM_F_EXCL, link,
            classifier, priority: 0, handle: 1)
        // TCA_BPF_FLAG_ACT_DIRECT of linux/pkt_cls.h.
        request.add(
            TCA_OPTIONS,
            attribute(BPFAttribute.descriptor, UInt32(bitPattern: program)) + attribute(BPFAttribute.name, text: name)
                + attribute(BPFAttribute.flags, 1 as UInt32))
        request.kernelModule = "cls_bpf"
        return request
    }

    /// `tc filter del`.
    package static func remove(_ program: NetlinkReply.ClassifierProgram) -> NetlinkRequest {
        filter(
            "remove program \(program.name) from link \(program.link.index)", RTM_DELTFILTER, flags: 0, program.link,
            program.classifier, priority: program.priority, handle: program.handle)
    }

    /// Every queueing discipline of the namespace.
    package static func dumpQueueing() -> NetlinkRequest {
        NetlinkRequest("list queueing disciplines", RTM_GETQDISC, flags: CInt(NLM_F_DUMP), tcmsg())
    }

    /// Every filter at one of a link's classifiers.
    package static func dumpFilters(of link: Link, _ classifier: Classifier) -> NetlinkRequest {
        var header = tcmsg()
        (header.tcm_ifindex, header.tcm_parent) = (link.index, classifier.parent)
        return NetlinkRequest(
            "list the filters of link \(link.index)", RTM_GETTFILTER, flags: CInt(NLM_F_DUMP), header)
    }

    private static func filter(
        _ action: String, _ type: Int, flags: CInt, _ link: Link, _ classifier: Classifier, priority: UInt16,
        handle: UInt32
    ) -> NetlinkRequest {
        var header = tcmsg()
        (header.tcm_ifindex, header.tcm_parent, header.tcm_handle) = (link.index, classifier.parent, handle)
        // With priority 0 the kernel gives it one above all others. ETH_P_ALL of linux/if_ether.h.
        header.tcm_info = UInt32(priority) << 16 | UInt32(UInt16(3).bigEndian)
        var request = NetlinkRequest(action, type, flags: flags, header)
        request.add(TCA_KIND, text: "bpf")
        return request
    }
}

/// TCA_BPF_… of linux/pkt_cls.h.
private enum BPFAttribute {
    static let descriptor = 6, name = 7, flags = 8
}

extension NetlinkReply {
    /// A program that a dump of filters lists.
    package struct ClassifierProgram: Sendable, Equatable {
        package var link: NetlinkRequest.Link
        package var classifier: NetlinkRequest.Classifier
        package var name: String
        package var priority: UInt16
        package var handle: UInt32
    }

    /// The handle of clsact, and of its elder `ingress`: one link has at most one of them.
    fileprivate static let classifiersHandle: UInt32 = 0xffff_0000

    /// The link whose classifiers this RTM_NEWQDISC message is about; nil for any other queueing discipline.
    package var classifiersLink: NetlinkRequest.Link? {
        guard Int(type) == RTM_NEWQDISC, let header = Self.load(tcmsg.self, from: body, at: 0),
            header.tcm_handle == Self.classifiersHandle
        else { return nil }
        return NetlinkRequest.Link(index: header.tcm_ifindex)
    }

    /// Whether this is a filter, of whatever kind.
    package var isFilter: Bool { Int(type) == RTM_NEWTFILTER }

    /// The program of an RTM_NEWTFILTER message that a dump was answered with; nil for other kinds of filters.
    package func program(at classifier: NetlinkRequest.Classifier) -> ClassifierProgram? {
        let size = MemoryLayout<tcmsg>.size
        guard isFilter, let header = Self.load(tcmsg.self, from: body, at: 0),
            let options = attribute(TCA_OPTIONS, after: size),
            let name = Self.attribute(BPFAttribute.name, in: Array(options), at: 0),
            let kind = attribute(TCA_KIND, after: size), kind.starts(with: "bpf".utf8)
        else { return nil }
        return ClassifierProgram(
            link: NetlinkRequest.Link(index: header.tcm_ifindex), classifier: classifier,
            name: String(decoding: name.prefix { $0 != 0 }, as: UTF8.self),
            priority: UInt16(header.tcm_info >> 16), handle: header.tcm_handle)
    }
}
