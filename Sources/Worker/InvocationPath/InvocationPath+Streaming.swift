internal import Basics
package import FunctionModel
internal import Sandboxes

/// A response that is to be passed on as it comes, on its way through the worker.
struct StreamedResponse: Sendable {
    let parts = ResponseStream()
    /// Known before the function runs.
    let version = Outcome<FunctionVersion>()
    let outcome = Outcome<Result<InvokeResponse, LambdaError>>()

    func end(_ result: Result<InvokeResponse, LambdaError>) {
        outcome.settle(result)
        parts.end()
    }
}

extension InvocationPath {
    package func stream(_ request: InvokeRequest) async throws(LambdaError) -> StreamedAnswer {
        let response = StreamedResponse()
        // It outlives this call, which returns as soon as the response begins.
        tasks.start {
            do throws(LambdaError) {
                response.end(.success(try await invoke(request, streaming: response)))
            } catch {
                response.end(.failure(error))
            }
        }
        guard let contentType = await response.parts.start.wait() else {
            return .whole(try await response.outcome.wait().get())
        }
        return .streaming(
            StreamedInvocation(
                executedVersion: await response.version.wait(), contentType: contentType, body: response.parts.body,
                outcome: response.outcome))
    }
}
