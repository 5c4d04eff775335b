import NIOCore

/// One event in AWS's `application/vnd.amazon.eventstream`.
///
/// Big endian: the length of all, the length of the headers, the checksum of these two, headers, payload, the checksum of all before.
struct EventStreamMessage {
    static let contentType = "application/vnd.amazon.eventstream"

    var type: String
    var contentType: String
    var payload: ArraySlice<UInt8>

    /// A part of a function's response.
    static func chunk(_ bytes: ArraySlice<UInt8>) -> EventStreamMessage {
        EventStreamMessage(type: "PayloadChunk", contentType: "application/octet-stream", payload: bytes)
    }

    var encoded: ByteBuffer {
        var headers = ByteBuffer()
        for (name, value) in [(":event-type", type), (":content-type", contentType), (":message-type", "event")] {
            headers.writeInteger(UInt8(name.utf8.count))
            headers.writeString(name)
            // The value is a string.
            headers.writeInteger(UInt8(7))
            headers.writeInteger(UInt16(value.utf8.count))
            headers.writeString(value)
        }
        var message = ByteBuffer()
        let length = 16 + headers.readableBytes + payload.count
        message.reserveCapacity(length)
        message.writeInteger(UInt32(length))
        message.writeInteger(UInt32(headers.readableBytes))
        message.writeInteger(Self.checksum(of: message))
        message.writeBuffer(&headers)
        message.writeBytes(payload)
        message.writeInteger(Self.checksum(of: message))
        return message
    }

    private static func checksum(of buffer: ByteBuffer) -> UInt32 {
        var checksum = CRC32()
        checksum.add(buffer.readableBytesView)
        return checksum.value
    }
}
