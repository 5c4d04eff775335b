internal import AWSClients
internal import Basics
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
    let s3: S3Client
    /// Uploads whose zips are read at a time.
    let uploads = Gate(limit: 2)
    /// The levels that functions may ask for, and the one of those that ask for none.
    let isolations: [IsolationLevel]
    let defaultLevel: IsolationLevel
    let clock: WorkerClock
    let logger: Logger

    /// What functions here may have and ask for.
    package var abilities: ServerAbilities {
        ServerAbilities(runtimes: images.files.runtimes, isolations: isolations.map { IsolationChoice($0) })
    }

    /// The name in what a caller gave as one: a name or an ARN.
    func name(_ text: String) throws(LambdaError) -> String {
        try FunctionReference(parsing: text, in: functions.account).name
    }
}
