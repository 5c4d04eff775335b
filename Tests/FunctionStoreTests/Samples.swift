import FunctionModel
import FunctionStore
import SystemPackage
import TestSupport

import struct Foundation.Date

extension FunctionConfiguration {
    static func sample(
        _ name: String = "orders", state: FunctionState = .active, lastUpdate: LastUpdate? = .successful,
        code: CodeReference = CodeReference(digest: [UInt8](repeating: 7, count: 32), size: 276)
    ) -> Self {
        FunctionConfiguration(
            functionName: name, version: .latest, runtime: "python3.11", role: "arn:aws:iam::123456789012:role/lambda",
            handler: "app.handler", environment: ["KEY": "value"], code: code, state: state, lastUpdate: lastUpdate,
            lastModified: Date(timeIntervalSince1970: 1_700_000_000.123456), revisionID: makeRevisionID())
    }
}

extension FunctionStore {
    /// Publishes `$LATEST` as it is.
    func publishLatest(_ name: String = "orders") async throws -> FunctionConfiguration {
        try await publish(name: name) { latest, number in
            var version = latest
            version.version = .published(number)
            return version
        }
    }

    /// Publishes as AWS does: nothing when nothing changed.
    func publishIfChanged(_ name: String = "orders") async throws(FunctionStoreError) -> PublishOutcome {
        try await publish(name: name) { candidate throws(LambdaError) in
            if let unchanged = candidate.unchanged { return .keep(unchanged) }
            guard let version = candidate.latest.published(as: candidate.number) else {
                throw LambdaError.service("cannot publish \(candidate.latest.version)")
            }
            return .publish(version)
        }
    }
}

/// A store in a directory of its own, open for the length of `body`.
func withStore<R>(_ body: (SQLiteFunctionStore, FilePath) async throws -> R) async throws -> R {
    try await withScratchDirectory { directory in
        let store = try SQLiteFunctionStore(directory: directory)
        let result = try await body(store, directory)
        try store.close()
        return result
    }
}
