import FunctionModel
import Hummingbird

/// The rest of AWS's service model: known by name, refused with an error that clients can show.
package struct UnservedRoutes: RouteGroup {
    func add(to router: Router<Context>) {
        for action in Self.unservedActions {
            router.on(RouterPath(action.path), method: action.method) { _, _ -> Response in
                throw LambdaError.unserved(action: action.name)
            }
        }
    }

    package struct UnservedAction: Sendable {
        package var name: String
        package var method: HTTPRequest.Method
        package var path: String

        fileprivate init(_ name: String, _ method: HTTPRequest.Method, _ path: String) {
            self.name = name
            self.method = method
            self.path = path
        }
    }

    package static let unservedActions: [UnservedAction] =
        concurrency + capacityProviders + resourcePolicies + durableExecutions

    private static let concurrency = [
        UnservedAction("GetFunctionScalingConfig", .get, scalingConfig),
        UnservedAction("PutFunctionScalingConfig", .put, scalingConfig),
    ]
    private static let scalingConfig = "2025-11-30/functions/{FunctionName}/function-scaling-config"

    private static let capacityProviders = [
        UnservedAction("CreateCapacityProvider", .post, providers),
        UnservedAction("ListCapacityProviders", .get, providers),
        UnservedAction("GetCapacityProvider", .get, providers + "/{CapacityProviderName}"),
        UnservedAction("UpdateCapacityProvider", .put, providers + "/{CapacityProviderName}"),
        UnservedAction("DeleteCapacityProvider", .delete, providers + "/{CapacityProviderName}"),
        UnservedAction(
            "ListFunctionVersionsByCapacityProvider", .get, providers + "/{CapacityProviderName}/function-versions"),
    ]
    private static let providers = "2025-11-30/capacity-providers"

    private static let resourcePolicies = [
        UnservedAction("GetResourcePolicy", .get, policies),
        UnservedAction("PutResourcePolicy", .put, policies),
        UnservedAction("DeleteResourcePolicy", .delete, policies),
    ]
    private static let policies = "2026-07-09/resource-policy/{ResourceArn}"

    private static let durableExecutions = [
        UnservedAction(
            "ListDurableExecutionsByFunction", .get, "2025-12-01/functions/{FunctionName}/durable-executions"),
        UnservedAction("GetDurableExecution", .get, executions + "/{DurableExecutionArn}"),
        UnservedAction("DeleteDurableExecution", .delete, executions + "/{DurableExecutionArn}"),
        UnservedAction("PauseDurableExecution", .post, executions + "/{DurableExecutionArn}/pause"),
        UnservedAction("ResumeDurableExecution", .post, executions + "/{DurableExecutionArn}/resume"),
        UnservedAction("GetDurableExecutionHistory", .get, executions + "/{DurableExecutionArn}/history"),
        UnservedAction("GetDurableExecutionState", .get, executions + "/{DurableExecutionArn}/state"),
        UnservedAction("CheckpointDurableExecution", .post, executions + "/{DurableExecutionArn}/checkpoint"),
        UnservedAction("StopDurableExecution", .post, executions + "/{DurableExecutionArn}/stop"),
        UnservedAction("SendDurableExecutionCallbackSuccess", .post, callbacks + "/{CallbackId}/succeed"),
        UnservedAction("SendDurableExecutionCallbackFailure", .post, callbacks + "/{CallbackId}/fail"),
        UnservedAction("SendDurableExecutionCallbackHeartbeat", .post, callbacks + "/{CallbackId}/heartbeat"),
    ]
    private static let executions = "2025-12-01/durable-executions"
    private static let callbacks = "2025-12-01/durable-execution-callbacks"
}
