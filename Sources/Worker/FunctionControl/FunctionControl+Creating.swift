internal import BaseImages
package import FunctionModel
internal import FunctionStore
internal import Logging

extension FunctionWorker {
    /// Stores the function and answers `Pending`; its code is made ready in the background.
    package func createFunction(
        _ request: CreateFunctionRequest
    ) async throws(LambdaError) -> FunctionConfiguration {
        let name = try FunctionReference(creating: request.functionName, in: configuration.account).name
        try FunctionValidation.checkCreation(members(of: request), by: abilities)
        try check(zip: request.zipFile)
        let draft = draft(of: request, name: name)
        try FunctionValidation.checkCombination(draft)
        try parts.networks.check(draft.network(tagged: FunctionTags.network(request.tags)))
        try await checkBuilt(runtime: draft.runtime)
        return try await catalog.changing(name) { () throws(LambdaError) in
            if try await self.catalog.configuration(VersionKey(name, .latest)) != nil {
                throw .functionAlreadyExists(name: name)
            }
            let created = try await self.storingCode(request.zipFile) { code throws(LambdaError) in
                var configuration = draft
                configuration.code = code
                let created = configuration.created(at: self.now)
                try await self.catalog.calling { (store) throws(FunctionStoreError) in
                    try await store.create(created, tags: request.tags)
                }
                return created
            }
            self.catalog.forget { $0.functionName == name }
            self.finishInBackground(VersionKey(created))
            guard request.publish else { return created }
            return try await self.publish(name, description: nil, while: .anyState) { _ throws(LambdaError) in }
        }
    }

    /// What functions here may have and ask for.
    package var abilities: ServerAbilities {
        ServerAbilities(
            runtimes: parts.files.runtimes, isolations: configuration.isolations.map { IsolationChoice($0) })
    }

    /// Quick checks of an upload, before anything of it is stored.
    func check(zip: [UInt8]) throws(LambdaError) {
        try FunctionValidation.checkZip(size: zip.count)
        do throws(ImageError) { try parts.files.validate(zip: zip) } catch {
            switch error {
            case .invalidZip, .pathEscape: throw .notAZip
            case .tooLarge: throw .unzippedTooLarge
            case .unknownRuntime, .invalidRecipe, .missing, .notBuilt, .toolMissing, .toolFailed, .noSpace,
                .invalidArchive, .foreignArchive, .damaged, .inputOutput, .cancelled:
                throw .service("\(error)")
            }
        }
    }

    /// Refuses a runtime whose base image has not been built: its functions could not run.
    func checkBuilt(runtime: String) async throws(LambdaError) {
        let image: RuntimeImage?
        do throws(ImageError) { image = try await parts.files.image(runtime) } catch { throw .service("\(error)") }
        if image == nil { throw .runtimeNotBuilt(runtime) }
    }

    /// Keeps `zip` in the store while `body` makes a function refer to it.
    func storingCode<R: Sendable>(
        _ zip: [UInt8], _ body: (CodeReference) async throws(LambdaError) -> R
    ) async throws(LambdaError) -> R {
        let code = try await catalog.calling { (store) throws(FunctionStoreError) in try await store.storeCode(zip) }
        let result: Result<R, LambdaError>
        do throws(LambdaError) { result = .success(try await body(code)) } catch { result = .failure(error) }
        do throws(LambdaError) {
            try await catalog.calling { (store) throws(FunctionStoreError) in try await store.releaseCode(code) }
        } catch {
            logger.error("cannot release code", metadata: ["code": "\(code.sha256)", "error": "\(error)"])
        }
        return try result.get()
    }

    private func members(of request: CreateFunctionRequest) -> FunctionMembers {
        var members = request.settings.members
        members.runtime = request.runtime
        members.role = request.role
        members.handler = request.handler
        members.tags = request.tags
        return members
    }

    /// What the request asks for, over AWS's defaults; its code is not known yet.
    private func draft(of request: CreateFunctionRequest, name: String) -> FunctionConfiguration {
        var draft = FunctionConfiguration(
            functionName: name, version: .latest, runtime: request.runtime, role: request.role,
            handler: request.handler, code: CodeReference(sha256: "", size: request.zipFile.count),
            state: .pending(.creating), lastUpdate: nil, lastModified: now,
            revisionID: FunctionConfiguration.makeRevisionID())
        request.settings.apply(to: &draft)
        return draft
    }
}

extension FunctionSettings {
    var members: FunctionMembers {
        FunctionMembers(
            description: description, timeout: timeout, memorySize: memorySize, ephemeralStorage: ephemeralStorage,
            environment: environment, architectures: architectures, tracingMode: tracingMode,
            snapStart: snapStart?.rawValue, vpc: vpc)
    }

    /// Sets what was given.
    func apply(to configuration: inout FunctionConfiguration) {
        if let description { configuration.description = description }
        if let timeout { configuration.timeout = timeout }
        if let memorySize { configuration.memorySize = memorySize }
        if let ephemeralStorage { configuration.ephemeralStorage = ephemeralStorage }
        if let environment { configuration.environment = environment }
        if let architectures { configuration.architectures = architectures }
        if let tracingMode { configuration.tracingMode = tracingMode }
        if let snapStart { configuration.snapStart.applyOn = snapStart }
        if let vpc { configuration.setVPC(vpc) }
    }
}
