/// What a function is called, as its environment says: extensions are told when they register.
package struct FunctionIdentity: Sendable, Equatable {
    package var name: String
    package var version: String
    package var handler: String

    package init(name: String, version: String, handler: String) {
        self.name = name
        self.version = version
        self.handler = handler
    }
}

extension Initialization {
    package var function: FunctionIdentity {
        func value(_ name: String) -> String { environment.last { $0.name == name }?.value ?? "" }
        return FunctionIdentity(
            name: value("AWS_LAMBDA_FUNCTION_NAME"), version: value("AWS_LAMBDA_FUNCTION_VERSION"),
            handler: value("_HANDLER"))
    }
}
