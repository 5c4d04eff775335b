import Foundation
import FunctionModel
import Hummingbird
import Worker

/// The answer to InvokeWithResponseStream as an event stream: `PayloadChunk`s while the function writes, then `InvokeComplete`.
enum InvocationEvents {
    private static let longestChunk = 256 << 10

    static func body(_ answer: StreamedAnswer) -> ResponseBody {
        ResponseBody { writer in
            switch answer {
            case .whole(let response):
                // A failure's payload is in the last event.
                let payload = response.functionError == nil ? response.payload : []
                for chunk in chunks(of: payload) { try await writer.write(chunk.encoded) }
                try await writer.write(complete(response).encoded)
            case .streaming(let invocation):
                while let part = await invocation.nextPart() {
                    for chunk in chunks(of: part) { try await writer.write(chunk.encoded) }
                }
                try await writer.write(complete(await end(of: invocation)).encoded)
            }
            try await writer.finish(nil)
        }
    }

    private static func chunks(of bytes: [UInt8]) -> [EventStreamMessage] {
        stride(from: 0, to: bytes.count, by: longestChunk).map {
            .chunk(bytes[$0..<min($0 + longestChunk, bytes.count)])
        }
    }

    private static func end(of invocation: StreamedInvocation) async -> Result<InvokeResponse, LambdaError> {
        do throws(LambdaError) { return .success(try await invocation.end()) } catch { return .failure(error) }
    }

    /// The last event. What is not to be told is absent.
    private struct Complete: Encodable {
        var ErrorCode: String?
        var ErrorDetails: String?
        var LogResult: String?
    }

    private static func complete(_ response: InvokeResponse) -> EventStreamMessage { complete(.success(response)) }

    private static func complete(_ result: Result<InvokeResponse, LambdaError>) -> EventStreamMessage {
        var end = Complete()
        switch result {
        case .success(let response):
            if let functionError = response.functionError {
                end.ErrorCode = functionError
                end.ErrorDetails = String(decoding: response.payload, as: UTF8.self)
            }
            end.LogResult = response.logTail.map { Data($0.suffix(Limits.logTail)).base64EncodedString() }
        case .failure(let error):
            // Too late for an answer of its own.
            end.ErrorCode = error.code.name
            end.ErrorDetails = error.message
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let payload = (try? encoder.encode(end)).map { [UInt8]($0) } ?? []
        return EventStreamMessage(type: "InvokeComplete", contentType: "application/json", payload: payload[...])
    }
}
