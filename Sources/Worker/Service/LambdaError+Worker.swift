internal import FunctionModel

/// What only a worker can say.
extension LambdaError {
    static func runtimeNotBuilt(_ runtime: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                The runtime \(runtime) has no base image on this host. Run `thaw image build \(Runtimes.image(for: runtime))`.
                """)
    }

    static let stopping = LambdaError.service("The server is stopping.")
}
