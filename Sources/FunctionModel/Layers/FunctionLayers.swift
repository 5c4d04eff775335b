/// The `Layers` of CreateFunction and UpdateFunctionConfiguration.
package enum FunctionLayers {
    /// Checks count, regions and repetitions in AWS's order, and finds each.
    ///
    /// - Parameter find: nil for what does not exist.
    package static func resolve<Found: Sendable>(
        _ given: [String], in account: AccountScope,
        _ find: (LayerARN) async throws(LambdaError) -> Found?
    ) async throws(LambdaError) -> [Found] {
        guard given.count <= Limits.layers else { throw .tooManyLayers }
        var (found, seen) = ([Found](), [LayerARN]())
        for text in given {
            guard let arn = LayerARN(matching: text) else { throw .layerUnknown(text) }
            guard arn.scope.region == account.region else { throw .layerOfOtherRegion(account.region) }
            try arn.checkReachable(from: account, for: "GetLayerVersion")
            guard let layer = try await find(arn) else { throw .layerUnknown(text) }
            if let other = seen.first(where: { $0.name == arn.name }) { throw .layerRepeated(other, arn) }
            seen.append(arn)
            found.append(layer)
        }
        return found
    }
}

extension ConstraintViolations {
    mutating func checkLayers(_ given: [String]) {
        guard !given.allSatisfy({ LayerARN(matching: $0) != nil }) else { return }
        add(
            "[\(given.joined(separator: ", "))]", at: "layers",
            .elements(
                """
                Member must satisfy constraint: [Member must have length less than or equal to 2048, Member must have length \
                greater than or equal to 1, Member must satisfy regular expression pattern: \(LayerARN.versionPattern), \
                Member must not be null]
                """))
    }
}

extension LambdaError {
    static let tooManyLayers = Self(
        code: .invalidParameterValue, message: "Cannot reference more than \(Limits.layers) layers.")

    static func layerUnknown(_ arn: String) -> Self {
        Self(code: .invalidParameterValue, message: "Layer version \(arn) does not exist.")
    }

    static func layerOfOtherRegion(_ region: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Layers are not in the same region as the function. Layers are expected to be in region \(region).
                """)
    }

    static func layerRepeated(_ one: LayerARN, _ other: LayerARN) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Two different versions of the same layer are not allowed to be referenced in the same function. \(one) and \
                \(other) are versions of the same layer.
                """)
    }

    /// - Parameter size: bytes that code and layers unpack to.
    package static func codeWithLayersTooLarge(_ size: Int) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Function code combined with layers exceeds the maximum allowed size of \(Limits.unzippedCode) bytes. The actual \
                size is \(size) bytes.
                """)
    }
}
