import FunctionModel
import Hummingbird
import Worker

/// The actions of the API. Each group of them is an extension in a file of its own, which adds its routes in `add…`.
///
/// Paths are those of AWS's service model (`2015-03-31`); a slash at the end is taken too, as older models have one.
struct Routes: Sendable {
    typealias Context = LambdaRequestContext

    let service: any LambdaService
    let configuration: LambdaServer.Configuration
    let wire: WireFormat

    var scope: AccountScope { configuration.scope }

    func router() -> Router<Context> {
        let router = Router(context: Context.self)
        router.add(middleware: CallMiddleware(calls: configuration.calls, observe: configuration.observe))
        router.add(middleware: ErrorMiddleware())
        router.add(middleware: ClientCheck())
        addInvoke(to: router)
        addCreateFunction(to: router)
        addFunctionReads(to: router)
        addFunctionCode(to: router)
        addFunctionUpdates(to: router)
        addDeleteFunction(to: router)
        addVersions(to: router)
        addTags(to: router)
        addDefaults(to: router)
        addUnservedActions(to: router)
        addSandboxes(to: router)
        addHealth(to: router)
        return router
    }

    /// The function that the path and `Qualifier` name.
    func reference(_ request: Request, _ context: Context) throws(LambdaError) -> FunctionReference {
        try FunctionReference(
            parsing: pathItem("FunctionName", context), qualifier: request.queryItem("Qualifier"), in: scope)
    }

    /// The name in the path, for actions that act on a function as a whole.
    func functionName(_ context: Context, for action: String) throws(LambdaError) -> String {
        let reference = try FunctionReference(parsing: pathItem("FunctionName", context), in: scope)
        guard reference.version == .latest else { throw .qualifierNotTaken(action) }
        return reference.name
    }

    func pathItem(_ name: String, _ context: Context) -> String {
        Request.decoded(context.parameters[name[...]] ?? "")
    }

    /// `Marker` and `MaxItems` of a list action.
    func page(_ request: Request) throws(LambdaError) -> PageRequest {
        var maximumItems: Int?
        if let text = request.queryItem("MaxItems"), !text.isEmpty {
            guard let number = Int(text) else { throw .bodyIsNotJSON("'MaxItems' is not of type Integer") }
            maximumItems = number
        }
        try FunctionValidation.checkPage(maximumItems: maximumItems)
        let marker = request.queryItem("Marker")
        return PageRequest(marker: marker?.isEmpty == true ? nil : marker, maximumItems: maximumItems)
    }
}
