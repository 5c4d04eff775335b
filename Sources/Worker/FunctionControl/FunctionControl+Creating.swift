internal import Basics
internal import ContainerImages
package import FunctionModel

extension FunctionControl {
    /// Stores the function and answers `Pending`; its code is made ready in the background.
    package func createFunction(
        _ request: CreateFunctionRequest
    ) async throws(LambdaError) -> FunctionConfiguration {
        let name = try FunctionReference(creating: request.functionName, in: functions.account).name
        try FunctionValidation.checkCreation(members(of: request), by: abilities)
        let unzippedSize = request.imageURI == nil ? try await code.check(request.code) : 0
        var draft = draft(of: request, name: name)
        try FunctionValidation.checkCombination(draft)
        try networks.check(draft.network(tagged: FunctionTags.network(request.tags)), of: draft.vpc)
        if let uri = request.imageURI {
            draft.setImage(try await resolved(uri, with: request.settings.image))
        } else {
            draft.runtimeVersionARN = try await images.runtime(draft.runtime).version?.arn
        }
        let wanted = draft
        return try await functions.changing(name) { () throws(LambdaError) in
            if try await functions.configuration(VersionKey(name, .latest)) != nil {
                throw .functionAlreadyExists(name: name)
            }
            let created =
                if request.imageURI != nil { try await create(wanted, tags: request.tags) } else {
                    try await code.storing(request.code) { stored throws(LambdaError) in
                        try await layers.holding(request.settings.layers ?? []) { layers throws(LambdaError) in
                            try Self.checkSize(unzippedSize, with: layers)
                            var configuration = wanted
                            configuration.code = stored
                            if !layers.isEmpty { configuration.layers = layers }
                            return try await create(configuration, tags: request.tags)
                        }
                    }
                }
            publishing.finishInBackground(VersionKey(created))
            guard request.publish else { return created }
            return try await publishing.claimVersion(of: name, description: nil, while: .anyState) {
                _ throws(LambdaError) in
            }
        }
    }

    private func create(
        _ configuration: FunctionConfiguration, tags: [String: String]
    ) async throws(LambdaError) -> FunctionConfiguration {
        let created = configuration.created(at: clock.date)
        try await functions.create(created, tags: tags)
        return created
    }

    /// The image that is called so now, as a function has it; a tag that is moved later moves no function.
    func resolved(_ uri: String, with settings: ImageSettings?) async throws(LambdaError) -> FunctionImage {
        var image = try await rethrowing(
            try await images.containers.resolve(uri), as: { (error: ContainerImageError) in LambdaError(error) })
        image.settings = settings.flatMap { $0.isEmpty ? nil : $0 }
        if image.arguments.isEmpty { throw .imageWithoutProgram(uri) }
        return image
    }

    /// Refuses code that together with its layers is more than a function may have.
    static func checkSize(_ unzippedSize: Int, with layers: [FunctionLayer]) throws(LambdaError) {
        let size = layers.reduce(unzippedSize) { $0 + $1.unzippedSize }
        if !layers.isEmpty, size > Limits.unzippedCode { throw .codeWithLayersTooLarge(size) }
    }

    private func members(of request: CreateFunctionRequest) -> FunctionMembers {
        var members = request.settings.members
        members.isImage = request.imageURI != nil
        if !members.isImage { (members.runtime, members.handler) = (request.runtime, request.handler) }
        members.role = request.role
        members.tags = request.tags
        return members
    }

    /// What the request asks for, over AWS's defaults; its code is not known yet.
    private func draft(of request: CreateFunctionRequest, name: String) -> FunctionConfiguration {
        var draft = FunctionConfiguration(
            functionName: name, version: .latest, runtime: request.runtime, role: request.role,
            handler: request.handler, code: CodeReference(sha256: "", size: request.code.size),
            state: .pending(.creating), lastUpdate: nil, lastModified: clock.date,
            revisionID: FunctionConfiguration.makeRevisionID())
        request.settings.apply(to: &draft)
        return draft
    }
}

extension FunctionSettings {
    var members: FunctionMembers {
        var members = FunctionMembers(
            description: description, timeout: timeout, memorySize: memorySize, ephemeralStorage: ephemeralStorage,
            environment: environment, architectures: architectures, tracingMode: tracingMode,
            snapStart: snapStart?.rawValue, vpc: vpc, logging: logging, layers: layers)
        members.imageSettings = image
        return members
    }

    /// Sets what was given.
    func apply(to configuration: inout FunctionConfiguration) {
        if let description { configuration.description = description }
        if let timeout { configuration.timeout = timeout }
        if let memorySize { configuration.memorySize = memorySize }
        if let ephemeralStorage { configuration.ephemeralStorage = ephemeralStorage }
        if let environment { (configuration.environment, configuration.isEnvironmentGiven) = (environment, true) }
        if let architectures { configuration.architectures = architectures }
        if let tracingMode { configuration.tracingMode = tracingMode }
        if let snapStart { configuration.snapStart.applyOn = snapStart }
        if let vpc { configuration.setVPC(vpc) }
        if let image { configuration.image?.settings = image.isEmpty ? nil : image }
        if let logging {
            var next = configuration.logging ?? .standard
            next.set(logging)
            configuration.logging = next
        }
        if let deadLetterTarget {
            configuration.deadLetterTarget = deadLetterTarget.isEmpty ? nil : deadLetterTarget
        }
    }
}
