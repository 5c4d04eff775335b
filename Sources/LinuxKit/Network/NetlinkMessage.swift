internal import CLinux
import Glibc

/// One rtnetlink(7) request, without the sequence number its session gives it.
struct NetlinkRequest: Sendable, Equatable {
    let type: UInt16
    let flags: UInt16
    /// The fixed structure of the message type, then attributes.
    private(set) var body: [UInt8]

    /// - Parameter header: `ifinfomsg`, `ifaddrmsg` or `rtmsg`.
    init<Header: BitwiseCopyable>(_ type: Int, flags: CInt, _ header: Header) {
        self.type = UInt16(truncatingIfNeeded: type)
        self.flags = UInt16(truncatingIfNeeded: flags)
        body = withUnsafeBytes(of: header, Array.init)
        pad()
    }

    mutating func add(_ attribute: Int, _ value: [UInt8]) {
        appendAttribute(UInt16(truncatingIfNeeded: attribute), value, to: &body)
        pad()
    }

    /// An attribute that holds attributes; nesting deeper is done by passing nested bytes in.
    static func nested(_ attribute: Int, _ value: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        appendAttribute(UInt16(truncatingIfNeeded: attribute), value, to: &bytes)
        while bytes.count % 4 != 0 { bytes.append(0) }
        return bytes
    }

    /// The whole datagram: nlmsghdr in the machine's byte order, then the body.
    func bytes(sequence: UInt32) -> [UInt8] {
        let size = MemoryLayout<nlmsghdr>.size
        let header = nlmsghdr(
            nlmsg_len: UInt32(size + body.count), nlmsg_type: type, nlmsg_flags: flags, nlmsg_seq: sequence,
            nlmsg_pid: 0)
        return withUnsafeBytes(of: header, Array.init) + body
    }

    private mutating func pad() {
        while body.count % 4 != 0 { body.append(0) }
    }
}

private func appendAttribute(_ type: UInt16, _ value: [UInt8], to bytes: inout [UInt8]) {
    let header = rtattr(rta_len: UInt16(MemoryLayout<rtattr>.size + value.count), rta_type: type)
    bytes += withUnsafeBytes(of: header, Array.init) + value
}

/// One message out of a datagram from the kernel.
struct NetlinkReply: Sendable, Equatable {
    let type: UInt16
    let flags: UInt16
    let sequence: UInt32
    let body: [UInt8]

    /// The messages of a datagram; nil if it is not well formed.
    static func parse(_ datagram: [UInt8]) -> [NetlinkReply]? {
        var replies: [NetlinkReply] = []
        var offset = 0
        let size = MemoryLayout<nlmsghdr>.size
        while offset < datagram.count {
            guard let header = load(nlmsghdr.self, from: datagram, at: offset) else { return nil }
            let length = Int(header.nlmsg_len)
            guard length >= size, offset + length <= datagram.count else { return nil }
            replies.append(
                NetlinkReply(
                    type: header.nlmsg_type, flags: header.nlmsg_flags, sequence: header.nlmsg_seq,
                    body: Array(datagram[(offset + size)..<(offset + length)])))
            offset += (length + 3) & ~3
        }
        return replies
    }

    /// For an error or acknowledgement: the errno (0 is success) and what the kernel said about it; nil for others.
    var outcome: (errno: CInt, message: String?)? {
        guard type == UInt16(NLMSG_ERROR), let error = Self.load(nlmsgerr.self, from: body, at: 0) else { return nil }
        // Attributes follow the request's header, and its body too unless the reply is capped.
        let capped = CInt(flags) & NLM_F_CAPPED != 0
        let echoed = capped ? MemoryLayout<nlmsghdr>.size : Int(error.msg.nlmsg_len)
        var offset = MemoryLayout<CInt>.size + ((echoed + 3) & ~3)
        var message: String?
        while let attribute = Self.load(rtattr.self, from: body, at: offset) {
            let length = Int(attribute.rta_len)
            let start = offset + MemoryLayout<rtattr>.size
            guard length >= MemoryLayout<rtattr>.size, offset + length <= body.count else { break }
            if CInt(attribute.rta_type) == CInt(NLMSGERR_ATTR_MSG.rawValue) {
                message = String(decoding: body[start..<(offset + length)].prefix { $0 != 0 }, as: UTF8.self)
            }
            offset += (length + 3) & ~3
        }
        return (-error.error, message)
    }

    /// The interface index of an RTM_NEWLINK message.
    var linkIndex: CInt? {
        guard Int(type) == RTM_NEWLINK else { return nil }
        return Self.load(ifinfomsg.self, from: body, at: 0)?.ifi_index
    }

    private static func load<T: BitwiseCopyable>(_ type: T.Type, from bytes: [UInt8], at offset: Int) -> T? {
        guard offset >= 0, offset + MemoryLayout<T>.size <= bytes.count else { return nil }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
    }
}
