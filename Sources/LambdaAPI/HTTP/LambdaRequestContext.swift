import Basics
import Hummingbird
import Logging
import NIOCore

/// One HTTP exchange. Its request id is what the response's `x-amzn-RequestId`, the function's context and every log line
/// about the exchange carry.
package struct LambdaRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    let requestID: String
    /// Who asks, where a server has users; nil where it has none.
    var caller: Caller?
    private let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        requestID = RequestID.make()
        channel = source.channel
    }

    /// The client's, without its port; empty where there is no network in between.
    var remoteAddress: String { channel.remoteAddress?.ipAddress ?? "" }

    /// For what is said about the exchange, which is seldom anything: so the id is not put in before.
    var exchangeLogger: Logger {
        var logger = logger
        logger[metadataKey: "requestId"] = .string(requestID)
        return logger
    }
}

/// A random UUID (RFC 9562, version 4) in lower case.
package enum RequestID {
    package static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        let high = generator.next() & ~0xF000 | 0x4000
        let low = generator.next() & ~(0b11 << 62) | 0b10 << 62
        return String(unsafeUninitializedCapacity: 36) { text in
            var position = 0
            for nibble in 0..<32 {
                if [8, 12, 16, 20].contains(nibble) {
                    text.initializeElement(at: position, to: UInt8(ascii: "-"))
                    position += 1
                }
                let word = nibble < 16 ? high : low
                text.initializeElement(
                    at: position,
                    to: Hexadecimal.digit(UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (nibble % 16)))))
                position += 1
            }
            return position
        }
    }
}
