internal import BaseImages
internal import Basics
internal import FunctionModel
import GuestProtocol
internal import NetworkModel
internal import Sandboxes

/// Writes down what a sandbox is made of that is booted: for a publish, and for an invocation without a snapshot.
struct SpecificationWriter: Sendable {
    let images: FunctionImages
    let identity: SandboxIdentity
    let environment: RuntimeEnvironment

    func specification(
        for function: FunctionConfiguration, at isolation: IsolationLevel, in network: NetworkMode, image: RuntimeImage,
        kind: RuntimeEnvironment.Kind
    ) async throws(ImageError) -> SandboxSpecification {
        let (isSnapStart, token, role) =
            switch kind {
            case .snapStart(let token): (true, token, identity.credentials.credentials(function.role))
            case .onDemand(let role, _, _, _): (false, Hexadecimal.random(bytes: 16), role)
            }
        var seed = image.seed(function.memorySize)
        seed?.environment = environment.seedVariables(
            memoryMegabytes: function.memorySize, runtimeDefaults: image.environment)
        // Runtimes look at the form of their logs when they start.
        if function.logging?.format == .json { seed = nil }
        let variables = environment.variables(for: function, kind: kind, runtimeDefaults: image.environment)
        return SandboxSpecification(
            id: .random(),
            isolation: isolation,
            network: network,
            image: image.image,
            codeImage: try await images.code(of: function),
            memoryMegabytes: function.memorySize,
            scratchImage: try await images.scratch(of: function),
            initialization: Initialization(
                arguments: image.arguments(function.handler, function.memorySize, variables),
                environment: variables.sorted { $0.key < $1.key }.map { EnvironmentVariable($0.key, $0.value) },
                workingDirectory: image.workingDirectory, isSnapStart: isSnapStart,
                uniqueness: identity.make(role: role, token: token)),
            seed: seed, layersImage: try await images.layers(of: function))
    }
}
