import FunctionModel
import Hummingbird
import Worker

/// What a request's path and query name.
struct Addressing: Sendable {
    typealias Context = LambdaRequestContext

    let scope: AccountScope

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
            guard let number = Int(text) else { throw .notConvertible("STRING_VALUE", to: "an Integer") }
            maximumItems = number
        }
        try FunctionValidation.checkPage(maximumItems: maximumItems)
        let marker = request.queryItem("Marker")
        return PageRequest(marker: marker?.isEmpty == true ? nil : marker, maximumItems: maximumItems)
    }
}
