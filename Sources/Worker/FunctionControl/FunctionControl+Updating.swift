package import FunctionModel

extension FunctionControl {
    package func updateFunctionCode(
        _ request: UpdateFunctionCodeRequest
    ) async throws(LambdaError) -> FunctionConfiguration {
        let name = try name(request.functionName)
        if let uri = request.imageURI { return try await updateImage(of: name, to: uri, request) }
        guard try await functions.latest(name).image == nil else { throw .imageMissing("updating") }
        let unzippedSize = try await code.check(request.code)
        return try await functions.changing(name) { () throws(LambdaError) in
            let latest = try await updatable(name, revisionID: request.revisionID)
            try Self.checkSize(unzippedSize, with: latest.layers ?? [])
            if request.dryRun { return latest }
            let updated = try await code.storing(request.code) { code throws(LambdaError) in
                try await update(latest) { $0.code = code }
            }
            guard request.publish else { return updated }
            return try await publishing.claimVersion(of: name, description: nil, while: .anyState) {
                _ throws(LambdaError) in
            }
        }
    }

    private func updateImage(
        of name: String, to uri: String, _ request: UpdateFunctionCodeRequest
    ) async throws(LambdaError) -> FunctionConfiguration {
        guard let present = try await functions.latest(name).image else { throw .imageForZip("updating") }
        let image = try await resolved(uri, with: present.settings)
        return try await functions.changing(name) { () throws(LambdaError) in
            let latest = try await updatable(name, revisionID: request.revisionID)
            if request.dryRun { return latest }
            let updated = try await update(latest) { configuration in
                var image = image
                // They may have been changed while the image was looked up.
                image.settings = configuration.image?.settings
                configuration.setImage(image)
            }
            await pruning.pruneContainers(of: [latest])
            guard request.publish else { return updated }
            return try await publishing.claimVersion(of: name, description: nil, while: .anyState) {
                _ throws(LambdaError) in
            }
        }
    }

    package func updateFunctionConfiguration(
        _ request: UpdateFunctionConfigurationRequest
    ) async throws(LambdaError) -> FunctionConfiguration {
        let name = try name(request.functionName)
        var members = request.settings.members
        members.runtime = request.runtime
        members.role = request.role
        members.handler = request.handler
        try FunctionValidation.checkUpdate(members, by: abilities)
        members.isImage = try await functions.latest(name).image != nil
        try FunctionValidation.checkPackage(members)
        var runtimeVersionARN: String?
        if let runtime = request.runtime { runtimeVersionARN = try await images.runtime(runtime).version?.arn }
        if let vpc = request.settings.vpc, let network = vpc.network { try networks.check(.vpc(network), of: vpc) }
        return try await functions.changing(name) { [runtimeVersionARN] () throws(LambdaError) in
            let latest = try await updatable(name, revisionID: request.revisionID)
            let change: @Sendable (inout FunctionConfiguration) -> Void = { [runtimeVersionARN] configuration in
                if let runtime = request.runtime { configuration.runtime = runtime }
                if let runtimeVersionARN { configuration.runtimeVersionARN = runtimeVersionARN }
                if let role = request.role { configuration.role = role }
                if let handler = request.handler { configuration.handler = handler }
                request.settings.apply(to: &configuration)
            }
            var wanted = latest
            change(&wanted)
            try FunctionValidation.checkCombination(wanted)
            if let image = wanted.image, image.arguments.isEmpty { throw .imageWithoutProgram(image.uri) }
            guard let arns = request.settings.layers else { return try await update(latest, change) }
            return try await layers.holding(arns) { layers throws(LambdaError) in
                if !layers.isEmpty { try Self.checkSize(try await code.check(latest.code), with: layers) }
                let updated = try await update(latest) { configuration in
                    change(&configuration)
                    configuration.layers = layers.isEmpty ? nil : layers
                }
                await pruning.pruneLayers(of: [latest])
                return updated
            }
        }
    }

    /// `$LATEST`, if it may be changed now.
    private func updatable(_ name: String, revisionID: String?) async throws(LambdaError) -> FunctionConfiguration {
        let latest = try await functions.latest(name)
        try latest.checkUpdatable(arn: functions.account.arn(name: name))
        try latest.checkRevision(revisionID)
        return latest
    }

    private func update(
        _ latest: FunctionConfiguration, _ change: (inout FunctionConfiguration) -> Void
    ) async throws(LambdaError) -> FunctionConfiguration {
        guard let next = latest.updating(at: clock.date, change) else {
            throw .updateInProgress(arn: functions.account.arn(name: latest.functionName).description)
        }
        try await functions.update(next, from: latest)
        publishing.finishInBackground(VersionKey(next))
        return next
    }
}
