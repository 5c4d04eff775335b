import Hummingbird
import NIOCore
import Worker

/// What a function streams, as the HTTP response of its URL: plain bytes, after a prelude of status, headers and cookies where the
/// function says by its content type that there is one.
enum FunctionURLStream {
    private static let prelude = "application/vnd.awslambda.http-integration-response"
    /// More than all headers of a response can take.
    private static let longestPrelude = 256 << 10

    static func response(_ invocation: StreamedInvocation) async -> Response {
        guard invocation.contentType.lowercased().hasPrefix(prelude) else {
            let type = invocation.contentType.isEmpty ? "application/octet-stream" : invocation.contentType
            return Response(
                status: .ok, headers: [.contentType: type], body: body(of: invocation, after: [], isSilent: false))
        }
        var begun: [UInt8] = []
        var searched = 0
        while begun.count < longestPrelude, let part = await invocation.nextPart() {
            begun += part
            let from = max(0, searched - FunctionURLAnswer.separator.count + 1)
            searched = begun.count
            guard let end = begun[from...].firstRange(of: FunctionURLAnswer.separator) else { continue }
            guard let (status, headers) = try? FunctionURLAnswer.prelude(Array(begun[..<end.lowerBound])) else { break }
            // Neither has a body.
            let isSilent = status.code == 204 || status.code == 304
            var response = Response(
                status: status, headers: headers,
                body: body(of: invocation, after: Array(begun[end.upperBound...]), isSilent: isSilent))
            if !isSilent, headers[.contentType] == nil { response.headers[.contentType] = "application/octet-stream" }
            return response
        }
        return FunctionURLAnswer.failure
    }

    /// The response broke off: the client sees that from an end without an end.
    private struct BrokenOff: Error {}

    private static func body(
        of invocation: StreamedInvocation, after begun: [UInt8], isSilent: Bool
    ) -> ResponseBody {
        guard !isSilent else { return ResponseBody() }
        return ResponseBody { writer in
            if !begun.isEmpty { try await writer.write(ByteBuffer(bytes: begun)) }
            while let part = await invocation.nextPart() { try await writer.write(ByteBuffer(bytes: part)) }
            guard try await invocation.end().functionError == nil else { throw BrokenOff() }
            try await writer.finish(nil)
        }
    }
}
