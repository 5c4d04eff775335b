import AWSClients
import ArgumentParser
import Foundation

/// The server that a command speaks to.
struct ClientOptions: ParsableArguments {
    private static let standard = "http://127.0.0.1:9000"

    @Option(
        help: ArgumentHelp(
            """
            The server's address. Default: AWS_ENDPOINT_URL_LAMBDA or AWS_ENDPOINT_URL of the environment, else \
            \(Self.standard).
            """, valueName: "url"))
    var endpoint: String?

    func validate() throws {
        guard AWSEndpoint(address) == nil else { return }
        throw ValidationError("--endpoint must be a URL such as \(Self.standard); '\(address)' was given")
    }

    private var address: String {
        let environment = ProcessInfo.processInfo.environment
        let named = [endpoint, environment["AWS_ENDPOINT_URL_LAMBDA"], environment["AWS_ENDPOINT_URL"]]
        return named.lazy.compactMap { $0 }.first { !$0.isEmpty } ?? Self.standard
    }

    /// Lends a client of the server for the length of `body`.
    func with<R: Sendable>(_ body: (LambdaClient) async throws -> R) async throws -> R {
        let user = ClientUser(ProcessInfo.processInfo.environment)
        var configuration = AWSConfiguration(
            region: user.region, endpoint: AWSEndpoint(address), credentials: user.credentials)
        configuration.authorities = user.authorities
        let connection = AWSConnection(configuration, patience: LambdaClient.longestCall)
        let result: Result<R, any Error>
        do { result = .success(try await body(LambdaClient(connection))) } catch { result = .failure(error) }
        await connection.shutdown()
        do { return try result.get() } catch let error as AWSClientError where error.code == .unreachable {
            throw ClientError.noServer(address, error.message)
        }
    }
}

enum ClientError: Error, CustomStringConvertible {
    case noServer(String, String)

    var description: String {
        switch self {
        case .noServer(let address, let reason):
            "no server answers at \(address) (\(reason)). Start one with `thaw serve`, or name another with --endpoint."
        }
    }
}

/// `name`, or `name:qualifier`.
struct FunctionArgument: ExpressibleByArgument, Sendable {
    let name: String
    let qualifier: String?

    init?(argument: String) {
        let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.name = name
        qualifier = parts.count == 2 ? parts[1] : nil
    }
}
