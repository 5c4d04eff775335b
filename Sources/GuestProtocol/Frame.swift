/// One message on the wire between host and guest supervisor.
///
/// Layout, all integers little endian:
/// ```
/// u32 length of what follows | u8 protocol version | u8 message type | body
/// ```
/// Strings and byte arrays in a body are a u32 length and that many bytes; lists are a u32 count and the items.
package enum Frame {
    /// The version this build speaks. A peer that speaks another is refused by name.
    package static let version: UInt8 = 2
    /// Room for AWS's 6 MB payload and everything that travels with it.
    package static let maximumLength = 8 << 20
    package static let headerLength = 4
}

/// What is wrong with bytes that claim to be a message. A peer's bytes never trap.
package enum FrameError: Error, Equatable, Sendable {
    case tooLong(Int)
    case truncated
    case trailingBytes(Int)
    case unknownVersion(UInt8)
    case unknownType(UInt8)
    case invalidValue(field: String)
}

/// Writes one frame.
struct FrameWriter {
    private var bytes: [UInt8]

    init(type: UInt8, reserving capacity: Int = 64) {
        bytes = []
        bytes.reserveCapacity(capacity + 6)
        bytes.append(contentsOf: [0, 0, 0, 0, Frame.version, type])
    }

    mutating func put(_ value: UInt8) { bytes.append(value) }

    mutating func put<I: FixedWidthInteger>(_ value: I) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ value: [UInt8]) {
        put(UInt32(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func put(_ value: String) {
        put(UInt32(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    mutating func put(_ value: String?) {
        put(UInt8(value == nil ? 0 : 1))
        if let value { put(value) }
    }

    mutating func put<Element>(_ list: [Element], each: (inout FrameWriter, Element) -> Void) {
        put(UInt32(list.count))
        for element in list { each(&self, element) }
    }

    consuming func finish() -> [UInt8] {
        let length = UInt32(bytes.count - Frame.headerLength)
        for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(index))) }
        return bytes
    }
}

/// Reads one frame's body; every length is checked against what is left.
struct FrameReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    private mutating func take(_ count: Int) throws(FrameError) -> ArraySlice<UInt8> {
        guard count <= bytes.endIndex - position else { throw .truncated }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func integer<I: FixedWidthInteger>(_: I.Type = I.self) throws(FrameError) -> I {
        var value: I = 0
        for (index, byte) in try take(I.bitWidth / 8).enumerated() {
            value |= I(truncatingIfNeeded: byte) << I(8 * index)
        }
        return value
    }

    mutating func data() throws(FrameError) -> [UInt8] { Array(try take(Int(try integer(UInt32.self)))) }

    mutating func string(_ field: String) throws(FrameError) -> String {
        guard let text = String(validating: try data(), as: UTF8.self) else { throw .invalidValue(field: field) }
        return text
    }

    mutating func optionalString(_ field: String) throws(FrameError) -> String? {
        switch try integer(UInt8.self) {
        case 0: return nil
        case 1: return try string(field)
        default: throw .invalidValue(field: field)
        }
    }

    mutating func list<Element>(
        _ element: (inout FrameReader) throws(FrameError) -> Element
    ) throws(FrameError) -> [Element] {
        let count = Int(try integer(UInt32.self))
        // Each element takes at least one byte: a count beyond what is left is a lie, and would reserve memory.
        guard count <= bytes.endIndex - position else { throw .truncated }
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try element(&self)) }
        return elements
    }

    func finish() throws(FrameError) {
        guard position == bytes.endIndex else { throw .trailingBytes(bytes.endIndex - position) }
    }
}

/// Cuts a byte stream into frames.
package struct FrameDecoder {
    private var buffer: [UInt8] = []

    package init() {}

    package mutating func append(_ bytes: some Collection<UInt8>) { buffer.append(contentsOf: bytes) }

    /// The next whole frame without its length, or nil when more bytes are needed.
    package mutating func next() throws(FrameError) -> [UInt8]? {
        guard buffer.count >= Frame.headerLength else { return nil }
        var length = 0
        for index in 0..<4 { length |= Int(buffer[index]) << (8 * index) }
        guard length <= Frame.maximumLength else { throw .tooLong(length) }
        guard length >= 2 else { throw .truncated }
        guard buffer.count >= Frame.headerLength + length else { return nil }
        defer { buffer.removeFirst(Frame.headerLength + length) }
        return Array(buffer[Frame.headerLength..<Frame.headerLength + length])
    }
}

extension FrameReader {
    /// Checks the version and hands back the type and a reader of the body.
    static func open(_ frame: [UInt8]) throws(FrameError) -> (type: UInt8, body: FrameReader) {
        guard frame.count >= 2 else { throw .truncated }
        guard frame[0] == Frame.version else { throw .unknownVersion(frame[0]) }
        return (frame[1], FrameReader(frame[2...]))
    }
}
