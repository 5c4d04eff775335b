internal import CLinux
import Glibc
internal import SystemPackage

/// One netlink(7) request, without the sequence number its session gives it.
package struct NetlinkRequest: Sendable, Equatable {
    /// What it asks for, for the error of its failure: "bring link 2 up".
    package let action: String
    let type: UInt16
    let flags: UInt16
    /// The fixed structure of the message type, then attributes.
    private(set) var body: [UInt8]
    /// The module without which the kernel does not know what is asked for, where it is one by itself.
    var kernelModule: String?

    /// - Parameters:
    ///   - header: the structure of the message type: `ifinfomsg`, `ifaddrmsg`, `rtmsg`.
    ///   - flags: beside NLM_F_REQUEST and NLM_F_ACK.
    init<Header: BitwiseCopyable>(_ action: String, _ type: Int, flags: CInt = 0, _ header: Header) {
        self.action = action
        self.type = UInt16(truncatingIfNeeded: type)
        self.flags = UInt16(truncatingIfNeeded: flags | NLM_F_REQUEST | NLM_F_ACK)
        body = withUnsafeBytes(of: header, Array.init)
        pad()
    }

    mutating func add(_ attribute: some BinaryInteger, _ value: [UInt8]) {
        appendAttribute(UInt16(truncatingIfNeeded: attribute), value, to: &body)
        pad()
    }

    /// The error of its failure.
    func error(_ errno: CInt, _ message: String?) -> NetworkError {
        let errno = Errno(rawValue: errno)
        // ENOENT, ENOTSUP: no module by that name could be loaded.
        let isUnknown = errno == .noSuchFileOrDirectory || errno == .notSupported
        return NetworkError(
            action, errno, kernelMessage: message,
            remedy: isUnknown ? kernelModule.map { "modprobe \($0)" } : nil)
    }

    /// Attributes that ``attribute(_:_:)`` made.
    mutating func addEncoded(_ attributes: [UInt8]) { body += attributes }

    mutating func add(_ attribute: some BinaryInteger, _ value: UInt32) { add(attribute, Self.bytes(of: value)) }
    mutating func add(_ attribute: some BinaryInteger, text: String) { add(attribute, Self.text(text)) }

    /// An attribute by itself: one that holds attributes is given them as its value, one after the other.
    static func attribute(_ type: some BinaryInteger, _ value: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        appendAttribute(UInt16(truncatingIfNeeded: type), value, to: &bytes)
        while bytes.count % 4 != 0 { bytes.append(0) }
        return bytes
    }

    static func attribute(_ type: some BinaryInteger, _ value: UInt32) -> [UInt8] { attribute(type, bytes(of: value)) }
    static func attribute(_ type: some BinaryInteger, text: String) -> [UInt8] { attribute(type, Self.text(text)) }

    static func bytes(of value: some BitwiseCopyable) -> [UInt8] { withUnsafeBytes(of: value, Array.init) }
    static func text(_ string: String) -> [UInt8] { Array(string.utf8) + [0] }

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
package struct NetlinkReply: Sendable, Equatable {
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

    /// The interface that is gone, of an RTM_DELLINK message.
    var removedLink: NetlinkRequest.Link? {
        guard Int(type) == RTM_DELLINK else { return nil }
        return Self.load(ifinfomsg.self, from: body, at: 0).map { NetlinkRequest.Link(index: $0.ifi_index) }
    }

    /// The value of the first attribute of this type after a header of `headerBytes`; nil if there is none.
    func attribute(_ wanted: some BinaryInteger, after headerBytes: Int) -> ArraySlice<UInt8>? {
        Self.attribute(wanted, in: body, at: (headerBytes + 3) & ~3)
    }

    /// The value of the first attribute of this type from `offset` on.
    static func attribute(
        _ wanted: some BinaryInteger, in bytes: [UInt8], at offset: Int
    ) -> ArraySlice<UInt8>? {
        var offset = offset
        while let attribute = Self.load(rtattr.self, from: bytes, at: offset) {
            let length = Int(attribute.rta_len)
            guard length >= MemoryLayout<rtattr>.size, offset + length <= bytes.count else { return nil }
            if Int(attribute.rta_type) & 0x3fff == Int(wanted) {
                return bytes[(offset + MemoryLayout<rtattr>.size)..<(offset + length)]
            }
            offset += (length + 3) & ~3
        }
        return nil
    }

    static func load<T: BitwiseCopyable>(_ type: T.Type, from bytes: [UInt8], at offset: Int) -> T? {
        guard offset >= 0, offset + MemoryLayout<T>.size <= bytes.count else { return nil }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
    }
}
