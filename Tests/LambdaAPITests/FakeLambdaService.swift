import Foundation
import FunctionModel
import Synchronization
import SystemPackage
import Worker

/// A worker that keeps functions in memory, is ready at once, and whose functions answer what the test wants.
///
/// It remembers each request as the API handed it over.
final class FakeLambdaService: FunctionControlling, TagKeeping, VersionPublishing, Invoking, SandboxListing {
    struct State {
        var functions: [FunctionConfiguration] = []
        var tags: [String: String] = [:]
        var zip: [UInt8] = []
        var created: CreateFunctionRequest?
        var codeUpdate: UpdateFunctionCodeRequest?
        var configurationUpdate: UpdateFunctionConfigurationRequest?
        var published: PublishVersionRequest?
        var deleted: FunctionReference?
        var invoked: InvokeRequest?
        var page: PageRequest?
        var aliases: [FunctionAlias] = []
        var policy: FunctionPolicy?
        var urls: [FunctionURL] = []
        var nextMarker: String?
        /// By function.
        var reserved: [String: Int] = [:]
        /// By qualifier.
        var eventConfigurations: [String: EventInvokeConfiguration] = [:]
        /// By qualifier.
        var provisioned: [String: ProvisionedConcurrencyState] = [:]
        /// Thrown by every method when set.
        var failure: LambdaError?
    }

    private let state: Mutex<State>

    /// As it is now.
    var seen: State { state.withLock { $0 } }

    /// All concerns of one.
    var service: LambdaService {
        LambdaService(
            functions: self, aliases: self, permissions: self, urls: self, concurrency: self, provisioned: self,
            eventConfigurations: self, account: self, settings: self, tags: self, versions: self, invocations: self,
            layers: self, eventSources: self, sandboxes: self, logs: logs)
    }

    /// What functions are said to have logged.
    let logs: any LogReading
    /// What comes of invocations whose responses are wanted in parts; nil answers them at once.
    private let streamed: StreamedInvocation?
    private let answer: @Sendable (InvokeRequest) throws(LambdaError) -> InvokeResponse

    init(
        functions: [FunctionConfiguration] = [], tags: [String: String] = [:], zip: [UInt8] = [],
        nextMarker: String? = nil, failure: LambdaError? = nil, policy: FunctionPolicy? = nil, urls: [FunctionURL] = [],
        logs: any LogReading = NoLogs(), streamed: StreamedInvocation? = nil,
        answer: @escaping @Sendable (InvokeRequest) throws(LambdaError) -> InvokeResponse = { request in
            InvokeResponse(executedVersion: .latest, functionError: nil, logTail: nil, payload: request.payload)
        }
    ) {
        var known = State(functions: functions, tags: tags, zip: zip, nextMarker: nextMarker, failure: failure)
        (known.policy, known.urls) = (policy, urls)
        state = Mutex(known)
        self.logs = logs
        self.streamed = streamed
        self.answer = answer
    }

    func createFunction(_ request: CreateFunctionRequest) async throws(LambdaError) -> FunctionConfiguration {
        try await perform { state throws(LambdaError) in
            state.created = request
            if state.functions.contains(where: { $0.functionName == request.functionName }) {
                throw .functionAlreadyExists(name: request.functionName)
            }
            let function = FunctionConfiguration.sample(name: request.functionName).created(at: .sample)
            state.functions.append(function)
            return function
        }
    }

    func functionDescription(_ reference: FunctionReference) async throws(LambdaError) -> FunctionDescription {
        let configuration = try await functionConfiguration(reference)
        return FunctionDescription(
            configuration: configuration, tags: seen.tags, reservedConcurrency: seen.reserved[reference.name])
    }

    func functionConfiguration(_ reference: FunctionReference) async throws(LambdaError) -> FunctionConfiguration {
        try await perform { state throws(LambdaError) in try Self.find(reference, in: state) }
    }

    func functionCode(_ reference: FunctionReference) async throws(LambdaError) -> CodeContent {
        _ = try await functionConfiguration(reference)
        let zip = seen.zip
        return CodeContent(size: zip.count) { offset, count in Array(zip.dropFirst(offset).prefix(count)) }
    }

    func fetchCode(_ place: CodePlace, into upload: CodeUpload) async throws(LambdaError) { throw .codePlaceUnknown }

    func beginUpload() -> CodeUpload { CodeUpload(in: FilePath(NSTemporaryDirectory())) }

    func listFunctions(allVersions: Bool, page: PageRequest) async throws(LambdaError) -> Page<FunctionConfiguration> {
        try await perform { state throws(LambdaError) in
            state.page = page
            return Page(
                items: state.functions.filter { allVersions || $0.version == .latest }, nextMarker: state.nextMarker)
        }
    }

    func deleteFunction(_ reference: FunctionReference) async throws(LambdaError) {
        try await perform { state throws(LambdaError) in
            _ = try Self.find(reference, in: state)
            state.deleted = reference
        }
    }

    func updateFunctionCode(_ request: UpdateFunctionCodeRequest) async throws(LambdaError) -> FunctionConfiguration {
        try await perform { state throws(LambdaError) in
            state.codeUpdate = request
            return try Self.updated(request.functionName, publish: request.publish, in: state)
        }
    }

    func updateFunctionConfiguration(
        _ request: UpdateFunctionConfigurationRequest
    ) async throws(LambdaError) -> FunctionConfiguration {
        try await perform { state throws(LambdaError) in
            state.configurationUpdate = request
            return try Self.updated(request.functionName, publish: false, in: state)
        }
    }

    func publishVersion(_ request: PublishVersionRequest) async throws(LambdaError) -> FunctionConfiguration {
        try await perform { state throws(LambdaError) in
            state.published = request
            var version = try Self.find(FunctionReference(name: request.functionName), in: state)
            version.version = .published(1)
            version.state = .pending(.creating)
            version.lastUpdate = nil
            return version
        }
    }

    func listVersions(functionName: String, page: PageRequest) async throws(LambdaError) -> Page<FunctionConfiguration>
    {
        try await perform { state throws(LambdaError) in
            state.page = page
            _ = try Self.find(FunctionReference(name: functionName), in: state)
            return Page(items: state.functions.filter { $0.functionName == functionName }, nextMarker: state.nextMarker)
        }
    }

    func tagFunction(_ name: String, tags: [String: String]) async throws(LambdaError) {
        try await perform { state throws(LambdaError) in
            _ = try Self.find(FunctionReference(name: name), in: state)
            state.tags.merge(tags) { $1 }
        }
    }

    func untagFunction(_ name: String, keys: [String]) async throws(LambdaError) {
        try await perform { state throws(LambdaError) in
            _ = try Self.find(FunctionReference(name: name), in: state)
            state.tags = state.tags.filter { !keys.contains($0.key) }
        }
    }

    func invoke(_ request: InvokeRequest) async throws(LambdaError) -> InvokeResponse {
        try await perform { state throws(LambdaError) in
            state.invoked = request
            _ = try Self.find(request.reference, in: state)
        }
        return try answer(request)
    }

    func stream(_ request: InvokeRequest) async throws(LambdaError) -> StreamedAnswer {
        let response = try await invoke(request)
        guard let streamed else { return .whole(response) }
        return .streaming(streamed)
    }

    func sandboxes() -> [SandboxSummary] {
        [
            SandboxSummary(functionName: "f", version: "1", slot: 7, isIdle: true),
            SandboxSummary(functionName: "g", version: "$LATEST", slot: nil, isIdle: false),
        ]
    }

    func perform<Result: Sendable>(
        _ body: (inout State) throws(LambdaError) -> Result
    ) async throws(LambdaError) -> Result {
        try state.withLock { state throws(LambdaError) in
            if let failure = state.failure { throw failure }
            return try body(&state)
        }
    }

    static func find(_ reference: FunctionReference, in state: State) throws(LambdaError)
        -> FunctionConfiguration
    {
        let found = state.functions.first { $0.functionName == reference.name && $0.version == reference.version }
        guard let found else { throw .functionNotFound(AccountScope().arn(reference)) }
        return found
    }

    private static func updated(
        _ name: String, publish: Bool, in state: State
    ) throws(LambdaError) -> FunctionConfiguration {
        var function = try find(FunctionReference(name: name), in: state)
        function.lastUpdate = .inProgress(.creating)
        if publish { function.version = .published(2) }
        return function
    }
}

extension Date {
    /// 2026-01-12T15:32:08.250Z
    static let sample = Date(timeIntervalSince1970: 1_768_231_928.25)
}

extension FunctionConfiguration {
    static func sample(
        name: String = "f", version: FunctionVersion = .latest, state: FunctionState = .active,
        lastUpdate: LastUpdate? = .successful
    ) -> FunctionConfiguration {
        FunctionConfiguration(
            functionName: name, version: version, runtime: "python3.11",
            role: "arn:aws:iam::123456789012:role/r", handler: "app.handler",
            code: CodeReference(sha256: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", size: 276), state: state,
            lastUpdate: lastUpdate, lastModified: .sample, revisionID: "3b1e7c1a-57a5-4a0c-9a4c-1f6f0f9f4d10")
    }
}

struct NoLogs: LogReading {
    func logGroups() async throws(LambdaError) -> [LogGroupSummary] { [] }
    func logStreams(of group: String) async throws(LambdaError) -> [LogStreamSummary]? { nil }
    func ends(of stream: LogStreamSummary) async throws(LambdaError) -> ClosedRange<Int64>? { nil }
    func logEvents(_ query: LogStreamQuery) async throws(LambdaError) -> LogStreamPage? { nil }
    func searchLogs(_ search: LogSearch) async throws(LambdaError) -> LogSearchPage? { nil }
}
