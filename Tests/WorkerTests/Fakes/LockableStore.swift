import FunctionModel
import FunctionStore
import Synchronization
import SystemPackage

import struct Foundation.Date

/// A store that another program can lock: it is read then, but not changed.
final class LockableStore: FunctionStore {
    private let store: SQLiteFunctionStore
    private let isLocked: Lock

    final class Lock: Sendable {
        private let state = Mutex(false)

        func begin() { state.withLock { $0 = true } }
        func end() { state.withLock { $0 = false } }

        fileprivate func check() throws(FunctionStoreError) {
            if state.withLock({ $0 }) { throw FunctionStoreError(code: .locked, message: "thaw.db is locked") }
        }
    }

    init(_ store: SQLiteFunctionStore, _ lock: Lock) { (self.store, isLocked) = (store, lock) }

    // MARK: - Changes

    func create(_ configuration: FunctionConfiguration, tags: [String: String]) async throws(FunctionStoreError) {
        try isLocked.check()
        try await store.create(configuration, tags: tags)
    }

    func update(
        _ configuration: FunctionConfiguration, expectedRevision: String?, snapshotID: String?
    ) async throws(FunctionStoreError) {
        try isLocked.check()
        try await store.update(configuration, expectedRevision: expectedRevision, snapshotID: snapshotID)
    }

    func publish(
        name: String, deciding decide: @Sendable (PublishCandidate) throws(LambdaError) -> PublishDecision
    ) async throws(FunctionStoreError) -> PublishOutcome {
        try isLocked.check()
        return try await store.publish(name: name, deciding: decide)
    }

    func delete(name: String) async throws(FunctionStoreError) -> RemovedVersions {
        try isLocked.check()
        return try await store.delete(name: name)
    }

    func delete(name: String, version: FunctionVersion) async throws(FunctionStoreError) -> RemovedVersions {
        try isLocked.check()
        return try await store.delete(name: name, version: version)
    }

    func setTags(
        _ tags: [String: String], latest: FunctionConfiguration, expectedRevision: String
    ) async throws(FunctionStoreError) {
        try isLocked.check()
        try await store.setTags(tags, latest: latest, expectedRevision: expectedRevision)
    }

    func recordSnapshot(_ id: String, name: String, version: FunctionVersion) async throws(FunctionStoreError) {
        try isLocked.check()
        try await store.recordSnapshot(id, name: name, version: version)
    }

    func removeSnapshot(_ id: String) async throws(FunctionStoreError) {
        try isLocked.check()
        try await store.removeSnapshot(id)
    }

    func noteUse(ofSnapshots ids: [String], at date: Date) async throws(FunctionStoreError) {
        try isLocked.check()
        try await store.noteUse(ofSnapshots: ids, at: date)
    }

    // MARK: - The rest

    func configuration(
        name: String, version: FunctionVersion
    ) async throws(FunctionStoreError) -> FunctionConfiguration? {
        try await store.configuration(name: name, version: version)
    }

    func exists(_ name: String) async throws(FunctionStoreError) -> Bool { try await store.exists(name) }

    func lastPublished(_ name: String) async throws(FunctionStoreError) -> FunctionConfiguration? {
        try await store.lastPublished(name)
    }

    func list(allVersions: Bool, page: ListPage) async throws(FunctionStoreError) -> ListedPage {
        try await store.list(allVersions: allVersions, page: page)
    }

    func versions(of name: String, page: ListPage) async throws(FunctionStoreError) -> ListedPage {
        try await store.versions(of: name, page: page)
    }

    func tags(_ name: String) async throws(FunctionStoreError) -> [String: String] { try await store.tags(name) }

    func unfinished() async throws(FunctionStoreError) -> [FunctionConfiguration] { try await store.unfinished() }

    func snapshotID(name: String, version: FunctionVersion) async throws(FunctionStoreError) -> String? {
        try await store.snapshotID(name: name, version: version)
    }

    func allSnapshotIDs() async throws(FunctionStoreError) -> Set<String> { try await store.allSnapshotIDs() }

    func snapshotUses() async throws(FunctionStoreError) -> [SnapshotUse] { try await store.snapshotUses() }

    func draftCode() -> CodeDraft { store.draftCode() }

    func storeCode(_ draft: CodeDraft) async throws(FunctionStoreError) -> CodeReference {
        try await store.storeCode(draft)
    }

    func hasVersion(withLayers layers: [CodeReference]) async throws(FunctionStoreError) -> Bool {
        try await store.hasVersion(withLayers: layers)
    }

    func holdCode(_ code: CodeReference) async throws(FunctionStoreError) -> Bool { try await store.holdCode(code) }

    func releaseCode(_ code: CodeReference) async throws(FunctionStoreError) { try await store.releaseCode(code) }

    func imageDigests() async throws(FunctionStoreError) -> Set<String> { try await store.imageDigests() }

    func codePath(_ code: CodeReference) throws(FunctionStoreError) -> FilePath { try store.codePath(code) }
}
