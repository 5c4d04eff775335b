package import Logging

/// Which call the current task works for: set where a request comes in, and passed down with the task, so that whoever logs needs
/// to know nothing of it.
package enum CallScope {
    /// The `x-amzn-RequestId` of the call. What a call begins and leaves behind, a publish say, carries it too.
    @TaskLocal package static var requestID: String?

    /// Puts `requestId` into every line that belongs to a call.
    package static let metadata = Logger.MetadataProvider {
        requestID.map { ["requestId": .string($0)] } ?? [:]
    }
}
