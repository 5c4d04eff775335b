/// Takes HTTP/1.1 responses with a `Content-Length` out of the bytes of a connection.
package struct HTTPResponseReader {
    package struct Response: Equatable {
        package var status: Int
        var isFunctionError: Bool
        var body: [UInt8]

        package init(status: Int, isFunctionError: Bool, body: [UInt8]) {
            self.status = status
            self.isFunctionError = isFunctionError
            self.body = body
        }

    }

    package struct Malformed: Error, CustomStringConvertible {
        let reason: String

        package var description: String { "the server's response cannot be read: \(reason)" }
    }

    private var bytes: [UInt8] = []

    package init() {}

    private static let lineEnd = Array("\r\n".utf8)
    private static let contentLength = Array("content-length:".utf8)
    private static let functionError = Array("x-amz-function-error:".utf8)

    package mutating func add(_ more: [UInt8]) { bytes += more }

    /// The next whole response; nil when more bytes are needed.
    package mutating func next() throws(Malformed) -> Response? {
        var (position, status, length, isFunctionError) = (0, 0, Int?.none, false)
        while let end = endOfLine(from: position) {
            let line = bytes[position..<end]
            position = end + Self.lineEnd.count
            if line.isEmpty {
                guard let length else { throw Malformed(reason: "it has no Content-Length") }
                guard bytes.count - position >= length else { return nil }
                let body = Array(bytes[position..<(position + length)])
                bytes.removeFirst(position + length)
                return Response(status: status, isFunctionError: isFunctionError, body: body)
            } else if status == 0 {
                status = try Self.status(line)
            } else if let value = Self.value(of: Self.contentLength, line) {
                guard let number = Int(value), number >= 0 else { throw Malformed(reason: "Content-Length \(value)") }
                length = number
            } else if Self.value(of: Self.functionError, line) != nil {
                isFunctionError = true
            }
        }
        guard bytes.count < 65_536 else { throw Malformed(reason: "its head does not end") }
        return nil
    }

    private func endOfLine(from start: Int) -> Int? {
        var index = start
        while index + 1 < bytes.count {
            if bytes[index] == 13, bytes[index + 1] == 10 { return index }
            index += 1
        }
        return nil
    }

    /// `HTTP/1.1 200 OK`
    private static func status(_ line: ArraySlice<UInt8>) throws(Malformed) -> Int {
        let fields = line.split(separator: UInt8(ascii: " "))
        guard fields.count >= 2, let status = Int(String(decoding: fields[1], as: UTF8.self)) else {
            throw Malformed(reason: "it begins with \(String(decoding: line.prefix(80), as: UTF8.self))")
        }
        return status
    }

    /// What follows `name`, given in lower case with its colon.
    private static func value(of name: [UInt8], _ line: ArraySlice<UInt8>) -> String? {
        guard line.count > name.count, zip(name, line).allSatisfy({ $0 == $1 | 0x20 }) else { return nil }
        return String(String(decoding: line.dropFirst(name.count), as: UTF8.self).drop { $0 == " " })
    }
}
