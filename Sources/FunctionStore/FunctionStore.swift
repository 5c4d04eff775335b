package import FunctionModel
package import SystemPackage

import struct Foundation.Date

/// Functions, their versions and code, and which snapshot belongs to which version.
///
/// Every method is durable when it returns: what it reported is found again after the process or the machine was
/// killed. A method that throws changed nothing.
package protocol FunctionStore: Sendable {
    /// Adds a function with its `$LATEST`. Throws `.alreadyExists` when the name is taken.
    func create(_ configuration: FunctionConfiguration, tags: [String: String]) async throws(FunctionStoreError)

    func configuration(
        name: String, version: FunctionVersion
    ) async throws(FunctionStoreError) -> FunctionConfiguration?

    func exists(_ name: String) async throws(FunctionStoreError) -> Bool

    /// Replaces the version that the configuration names.
    ///
    /// - Parameters:
    ///   - expectedRevision: the `revisionID` that the version must have now; throws `.revisionMismatch` otherwise. nil
    ///     replaces it whatever it is.
    ///   - snapshotID: recorded as the version's snapshot in the same transaction; nil leaves that as it is.
    func update(
        _ configuration: FunctionConfiguration, expectedRevision: String?, snapshotID: String?
    ) async throws(FunctionStoreError)

    /// Gives the function's next number to a version, and `$LATEST` a new revision, unless `decide` finds that nothing is to be
    /// published.
    ///
    /// `decide` runs inside the transaction: what it sees is what is published. A number is used once in a function's
    /// life, also when the version that had it was deleted. A ``LambdaError`` that it throws comes back as `.refused`;
    /// write the closure as `{ candidate throws(LambdaError) in … }`, the compiler does not infer it.
    func publish(
        name: String, deciding decide: @Sendable (PublishCandidate) throws(LambdaError) -> PublishDecision
    ) async throws(FunctionStoreError) -> PublishOutcome

    /// The published version with the highest number, if there is one.
    func lastPublished(_ name: String) async throws(FunctionStoreError) -> FunctionConfiguration?

    /// Removes a function with everything that belongs to it; throws `.notFound` when there is none.
    @discardableResult
    func delete(name: String) async throws(FunctionStoreError) -> RemovedVersions

    /// Removes one published version. Removing one that is not there does nothing, as on AWS; `$LATEST` is `.invalid`.
    @discardableResult
    func delete(name: String, version: FunctionVersion) async throws(FunctionStoreError) -> RemovedVersions

    /// Functions by name, with `$LATEST` only or with all versions.
    func list(allVersions: Bool, page: ListPage) async throws(FunctionStoreError) -> ListedPage

    /// One function's versions, `$LATEST` first; throws `.notFound` when there is no such function.
    func versions(of name: String, page: ListPage) async throws(FunctionStoreError) -> ListedPage

    func tags(_ name: String) async throws(FunctionStoreError) -> [String: String]

    /// Replaces a function's tags, and its `$LATEST` by `latest`, which shows the change as a new revision.
    ///
    /// - Parameter expectedRevision: the `revisionID` that `$LATEST` must have now; throws `.revisionMismatch` otherwise.
    func setTags(
        _ tags: [String: String], latest: FunctionConfiguration, expectedRevision: String
    ) async throws(FunctionStoreError)

    /// Versions that somebody was working on: `Pending`, or with an update `InProgress`. After a crash, those to resume
    /// or to fail.
    func unfinished() async throws(FunctionStoreError) -> [FunctionConfiguration]

    // MARK: Snapshots

    /// Notes that the snapshot is the version's; replaces an earlier one. `.notFound` when the version is gone.
    func recordSnapshot(_ id: String, name: String, version: FunctionVersion) async throws(FunctionStoreError)

    func snapshotID(name: String, version: FunctionVersion) async throws(FunctionStoreError) -> String?

    /// Forgets a snapshot; does nothing when it is not known.
    func removeSnapshot(_ id: String) async throws(FunctionStoreError)

    /// Every snapshot that belongs to a version; any other on disk is left over.
    func allSnapshotIDs() async throws(FunctionStoreError) -> Set<String>

    /// The same with their versions, and when these were used.
    func snapshotUses() async throws(FunctionStoreError) -> [SnapshotUse]

    /// Notes that the versions of these snapshots were used; those that are not known are left out.
    func noteUse(ofSnapshots ids: [String], at date: Date) async throws(FunctionStoreError)

    // MARK: Code

    /// Where a zip arrives; nothing is left of one that is not stored.
    func draftCode() -> CodeDraft

    /// Keeps a zip, named by its content: the same bytes are kept once.
    ///
    /// It is held until ``releaseCode(_:)``, so that it cannot be removed before a function refers to it; after that it
    /// stays as long as some version does. A crash releases everything.
    func storeCode(_ draft: CodeDraft) async throws(FunctionStoreError) -> CodeReference

    /// Holds a zip that is kept already, as ``storeCode(_:)`` does; false when it is gone.
    func holdCode(_ code: CodeReference) async throws(FunctionStoreError) -> Bool

    /// Ends one hold, and removes the code if no version of a function or layer refers to it.
    func releaseCode(_ code: CodeReference) async throws(FunctionStoreError)

    /// Whether a version of some function has these layers in this order.
    func hasVersion(withLayers layers: [CodeReference]) async throws(FunctionStoreError) -> Bool

    func codePath(_ code: CodeReference) throws(FunctionStoreError) -> FilePath

    /// The digests, in hex, of all container images that versions are made of.
    func imageDigests() async throws(FunctionStoreError) -> Set<String>
}

extension FunctionStore {
    package func update(
        _ configuration: FunctionConfiguration, expectedRevision: String?
    ) async throws(FunctionStoreError) {
        try await update(configuration, expectedRevision: expectedRevision, snapshotID: nil)
    }

    /// Publishes whatever `$LATEST` is now.
    package func publish(
        name: String,
        _ make: @Sendable (_ latest: FunctionConfiguration, _ number: Int) -> FunctionConfiguration
    ) async throws(FunctionStoreError) -> FunctionConfiguration {
        let outcome = try await publish(name: name) { candidate in
            .publish(make(candidate.latest, candidate.number))
        }
        return outcome.configuration
    }
}

/// What a publish has to decide on.
package struct PublishCandidate: Sendable {
    package var latest: FunctionConfiguration
    /// The version with the highest number, if any is left.
    package var lastPublished: FunctionConfiguration?
    /// What the new version will be called.
    package var number: Int

    package init(latest: FunctionConfiguration, lastPublished: FunctionConfiguration?, number: Int) {
        self.latest = latest
        self.lastPublished = lastPublished
        self.number = number
    }

    /// The last version, if nothing was changed since: AWS then publishes nothing and answers that version.
    package var unchanged: FunctionConfiguration? {
        lastPublished.flatMap { $0.contentID == latest.contentID ? $0 : nil }
    }
}

package enum PublishDecision: Sendable {
    /// Must be the candidate's function and number.
    case publish(FunctionConfiguration)
    /// Publish nothing and give this one back.
    case keep(FunctionConfiguration)
}

package struct PublishOutcome: Sendable, Equatable {
    package var configuration: FunctionConfiguration
    /// Whether a number was given out.
    package var isNew: Bool

    package init(configuration: FunctionConfiguration, isNew: Bool) {
        self.configuration = configuration
        self.isNew = isNew
    }
}

/// What went with a deletion.
package struct RemovedVersions: Sendable, Equatable {
    package var versions: [FunctionVersion]
    /// Their snapshots: no row names them any more, the files are the caller's to remove.
    package var snapshotIDs: [String]

    package init(versions: [FunctionVersion], snapshotIDs: [String]) {
        self.versions = versions
        self.snapshotIDs = snapshotIDs
    }
}

/// A snapshot, the version that it belongs to, and when somebody used that last.
package struct SnapshotUse: Sendable, Equatable {
    package var id: String
    package var functionName: String
    package var version: FunctionVersion
    /// Nil when nothing was noted yet.
    package var usedAt: Date?

    package init(id: String, functionName: String, version: FunctionVersion, usedAt: Date?) {
        self.id = id
        self.functionName = functionName
        self.version = version
        self.usedAt = usedAt
    }
}

/// Which part of a list is wanted.
package struct ListPage: Sendable, Equatable {
    /// ``ListedPage/nextMarker`` of the page before; `.invalid` is thrown for any other text.
    package var marker: String?
    /// At most so many items; at least one.
    package var limit: Int

    package init(marker: String? = nil, limit: Int = Limits.pageItemsGiven) {
        self.marker = marker
        self.limit = limit
    }
}

package typealias ListedPage = Page<FunctionConfiguration>
