import Foundation
import Hummingbird
import Logging

/// One HTTP exchange. Its request id is what the response's `x-amzn-RequestId`, the function's context and every log line
/// about the exchange carry.
struct LambdaRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let requestID: String

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        requestID = UUID().uuidString.lowercased()
        logger[metadataKey: "request-id"] = .string(requestID)
    }
}
