package import FunctionModel
internal import Logging
internal import Sandboxes

/// The functions themselves: created, read, changed, tagged, deleted. What a change begins is finished by the publish pipeline.
package struct FunctionControl: FunctionControlling, TagKeeping {
    let functions: FunctionCatalog
    let admission: Admission
    let images: FunctionImages
    let networks: any NetworkCatalog
    let publishing: PublishPipeline
    let pruning: Pruning
    let code: CodeIntake
    let layers: LayerControl
    /// The levels that functions may ask for, and the one of those that ask for none.
    let isolations: [IsolationLevel]
    let defaultLevel: IsolationLevel
    let clock: WorkerClock
    let logger: Logger

    /// What functions here may have and ask for.
    package var abilities: ServerAbilities {
        ServerAbilities(runtimes: images.files.runtimes, isolations: isolations.map { IsolationChoice($0) })
    }

    package func beginUpload() -> CodeUpload { code.begin() }

    package func fetchCode(_ place: CodePlace, into upload: CodeUpload) async throws(LambdaError) {
        try await code.fetch(place, into: upload)
    }

    package func functionCode(_ reference: FunctionReference) async throws(LambdaError) -> CodeContent {
        let function = try await functions.resolve(reference).configuration
        if function.image != nil { throw .imageHasNoZip(function.functionName) }
        return try await code.content(function.code)
    }

    /// The name in what a caller gave as one: a name or an ARN.
    func name(_ text: String) throws(LambdaError) -> String {
        try FunctionReference(parsing: text, in: functions.account).name
    }
}
