import BaseImages
import ContainerImages
import Foundation
import FunctionStore
import Logging
import Snapshots

/// The stores of a state directory, open: no other server has them.
struct StateStores: Sendable {
    let functions: SQLiteFunctionStore
    let snapshots: SnapshotStore
    let images: ImageStore
    let containers: ContainerImageStore

    /// Opens them, and clears away what a dead server left half made of images.
    static func open(
        _ configuration: ServerConfiguration, share: ShareDirectory, logger: Logger
    ) async throws -> StateStores {
        let state = configuration.state
        let stores = StateStores(
            functions: try openFunctions(state),
            snapshots: try SnapshotStore(directory: state.snapshots) { id, error in
                logger.error("cannot remove a snapshot", metadata: ["snapshot": "\(id)", "error": "\(error)"])
            },
            images: ImageStore(directory: configuration.images ?? state.images, share: share, logger: logger),
            containers: configuration.containers.store(
                in: state.containers, share: share, environment: ProcessInfo.processInfo.environment, logger: logger))
        await stores.images.sweep()
        return stores
    }

    private static func openFunctions(_ state: StateDirectory) throws -> SQLiteFunctionStore {
        do throws(FunctionStoreError) { return try SQLiteFunctionStore(directory: state.path) } catch {
            guard error.code == .inUse else { throw error }
            let record = ServerRecord.read(state.instance)
            throw ServerError.stateInUse(state, by: record?.isRunning == true ? record : nil)
        }
    }
}
