package import FunctionModel

/// Layers and their versions, with the policy of each version.
///
/// Every method is durable when it returns; one that throws changed nothing. Code comes and goes as
/// ``FunctionStore/storeCode(_:)`` says: a layer version refers to its own, and so does a function that has the layer, also
/// when the layer version is deleted.
package protocol LayerStore: Sendable {
    /// Gives the layer's next number to a version. A number is used once in a layer's life, also when the version that had it,
    /// or every version, was deleted.
    func publish(_ layer: LayerVersion) async throws(FunctionStoreError) -> LayerVersion

    func layerVersion(_ name: String, _ number: Int) async throws(FunctionStoreError) -> LayerVersion?

    /// Every layer's highest version that the filter lets through, by name.
    func layers(_ filter: LayerFilter, page: ListPage) async throws(FunctionStoreError) -> Page<LayerVersion>

    /// A layer's versions, the newest first; none when there is no such layer.
    func layerVersions(
        of name: String, _ filter: LayerFilter, page: ListPage
    ) async throws(FunctionStoreError) -> Page<LayerVersion>

    /// Removes a version with its policy; does nothing when it is not there.
    func deleteLayerVersion(_ name: String, _ number: Int) async throws(FunctionStoreError)

    func layerPolicy(_ name: String, _ number: Int) async throws(FunctionStoreError) -> FunctionPolicy?

    /// Replaces a version's policy; one without statements removes it. `.notFound` when the version is gone.
    ///
    /// - Parameter expectedRevision: of the policy that is there now; nil for none. Throws `.revisionMismatch` otherwise.
    func setLayerPolicy(
        _ policy: FunctionPolicy, of name: String, _ number: Int, expectedRevision: String?
    ) async throws(FunctionStoreError)
}
