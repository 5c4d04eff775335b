import FunctionModel
import Hummingbird
import Worker

/// Layers, their versions and the policies of those.
struct LayerRoutes: RouteGroup {
    let layers: any LayerKeeping
    let functions: any FunctionControlling
    let addressing: Addressing
    let location: CodeLocation
    /// Whether an archive's address without a signature is served, too.
    let needsSignature: Bool

    func add(to router: Router<Context>) {
        let versions: RouterPath = "2018-10-31/layers/{LayerName}/versions"
        let version: RouterPath = "2018-10-31/layers/{LayerName}/versions/{VersionNumber}"
        let policy: RouterPath = "2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy"
        router.get("2018-10-31/layers", use: listLayers)
        router.post(versions, use: publishLayerVersion)
        router.get(versions, use: listLayerVersions)
        router.get(version, use: getLayerVersion)
        router.delete(version, use: deleteLayerVersion)
        router.get(policy, use: getPolicy)
        router.post(policy, use: addPermission)
        router.delete(
            "2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy/{StatementId}", use: removePermission)
        router.get("_thaw/layer/{LayerName}/{VersionNumber}", use: layerContent)
    }

    private func publishLayerVersion(_ request: Request, _ context: Context) async throws -> Response {
        let upload = functions.beginUpload()
        let members = try await UploadReader.members(
            PublishLayerVersionMembers.self, of: request, context, zipAt: ["Content", "ZipFile"], to: upload,
            operation: "PublishLayerVersion")
        let publication = try members.request(
            layerName: addressing.pathItem("LayerName", context), scope: addressing.scope, upload: upload)
        if let place = members.content?.place { try await functions.fetchCode(place, into: upload) }
        let layer = try await layers.publishLayerVersion(publication)
        return try Response(status: .created, json: shape(layer, request))
    }

    /// ListLayers, and GetLayerVersionByArn, which has the same path.
    private func listLayers(_ request: Request, _ context: Context) async throws -> Response {
        if request.queryItem("find") == "LayerVersion" {
            let arn = try LayerARN(version: request.queryItem("Arn") ?? "")
            return try Response(json: shape(try await layers.layerVersion(arn), request))
        }
        let (filter, page) = try listing(request)
        let found = try await layers.listLayers(filter, page: page)
        return try Response(
            json: ListLayersShape(
                layers: found.items.map { ListLayersShape.Entry($0, scope: addressing.scope) },
                nextMarker: found.nextMarker))
    }

    private func listLayerVersions(_ request: Request, _ context: Context) async throws -> Response {
        let arn = try LayerARN(name: addressing.pathItem("LayerName", context), in: addressing.scope)
        let (filter, page) = try listing(request)
        let found = try await layers.listLayerVersions(arn, filter, page: page)
        return try Response(
            json: ListLayerVersionsShape(
                versions: found.items.map { LayerVersionEntryShape($0, scope: addressing.scope) },
                nextMarker: found.nextMarker))
    }

    private func getLayerVersion(_ request: Request, _ context: Context) async throws -> Response {
        try Response(json: shape(try await layers.layerVersion(arn(context)), request))
    }

    /// DeleteLayerVersion: 204, also for what is not there.
    private func deleteLayerVersion(_ request: Request, _ context: Context) async throws -> Response {
        try await layers.deleteLayerVersion(arn(context))
        return Response(status: .noContent)
    }

    /// The archive: not an action of the API but what `Content.Location` points at.
    private func layerContent(_ request: Request, _ context: Context) async throws -> Response {
        try location.check(request, needsSignature: needsSignature)
        return Response(zip: try await layers.layerContent(arn(context)))
    }

    // MARK: - Policies

    /// AddLayerVersionPermission: 201 and the statement, which is JSON in a text.
    private func addPermission(_ request: Request, _ context: Context) async throws -> Response {
        let body = try await request.members(
            AddLayerPermissionMembers.self, operation: "AddLayerVersionPermission")
        let statement = try body.members.statement(partition: addressing.scope.partition)
        let added = try await layers.addLayerPermission(
            statement, to: arn(context), revisionID: revisionID(request))
        return try Response(status: .created, json: ["Statement": added.text, "RevisionId": added.revisionID])
    }

    private func getPolicy(_ request: Request, _ context: Context) async throws -> Response {
        let policy = try await layers.layerPolicy(arn(context))
        return try Response(json: ["Policy": policy.text, "RevisionId": policy.revisionID])
    }

    private func removePermission(_ request: Request, _ context: Context) async throws -> Response {
        let id = addressing.pathItem("StatementId", context)
        var violations = ConstraintViolations()
        violations.addStatementID(id)
        try violations.throwIfAny()
        try await layers.removeLayerPermission(id, from: arn(context), revisionID: revisionID(request))
        return Response(status: .noContent)
    }

    // MARK: - Reading and writing

    private func arn(_ context: Context) throws(LambdaError) -> LayerARN {
        guard let number = Int(addressing.pathItem("VersionNumber", context)) else {
            throw .notConvertible("STRING_VALUE", to: "a Long")
        }
        return try LayerARN(
            name: addressing.pathItem("LayerName", context), version: number, in: addressing.scope)
    }

    private func listing(_ request: Request) throws(LambdaError) -> (LayerFilter, PageRequest) {
        let filter = LayerFilter(
            runtime: request.queryItem("CompatibleRuntime"), architecture: request.queryItem("CompatibleArchitecture"))
        let page = try addressing.page(request)
        try FunctionValidation.checkLayerList(filter, maximumItems: page.maximumItems)
        return (filter, page)
    }

    private func revisionID(_ request: Request) -> String? {
        request.queryItem("RevisionId").flatMap { $0.isEmpty ? nil : $0 }
    }

    private func shape(_ layer: LayerVersion, _ request: Request) -> LayerVersionShape {
        LayerVersionShape(layer, scope: addressing.scope, location: location.url(of: layer, request))
    }
}
