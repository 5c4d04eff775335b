import Foundation
import FunctionModel
import Hummingbird
import SigV4
import Worker

/// The zip of a version: not an action of the API but what `Code.Location` of GetFunction points at, as AWS's presigned
/// S3 address does.
struct FunctionCodeRoute: RouteGroup {
    let functions: any FunctionControlling
    let addressing: Addressing
    let location: CodeLocation
    /// Whether an address without a signature is served, too: where whoever asks for one gets it.
    let needsSignature: Bool

    func add(to router: Router<Context>) {
        router.get("_thaw/code/{FunctionName}/{Version}", use: functionCode)
    }

    private func functionCode(_ request: Request, _ context: Context) async throws -> Response {
        try location.check(request, needsSignature: needsSignature)
        let reference = try FunctionReference(
            parsing: addressing.pathItem("FunctionName", context), qualifier: addressing.pathItem("Version", context),
            in: addressing.scope)
        return Response(zip: try await functions.functionCode(reference))
    }
}

extension Response {
    /// What is in memory of it at a time.
    private static let piece = 1 << 18

    init(zip: CodeContent) {
        self.init(
            status: .ok, headers: [.contentType: "application/zip"],
            body: ResponseBody(contentLength: zip.size) { writer in
                var sent = 0
                while sent < zip.size {
                    let (offset, count) = (sent, min(Self.piece, zip.size - sent))
                    let bytes = try await BodyThreads.run { try zip.bytes(at: offset, count: count) }
                    guard !bytes.isEmpty else { throw LambdaError.service("the code is shorter than it was") }
                    try await writer.write(ByteBuffer(bytes: bytes))
                    sent += bytes.count
                }
                try await writer.finish(nil)
            })
    }
}

/// Where clients of this server find the zips.
struct CodeLocation: Sendable {
    /// What the server listens at.
    let address: String
    let port: Int
    let scheme: String
    /// Known to this process alone.
    private let signer: RequestSigner

    init(address: String, port: Int, scheme: String, region: String) {
        self.address = address
        self.port = port
        self.scheme = scheme
        signer = RequestSigner(credentials: .random("thaw"), region: region, service: "thaw")
    }

    /// As long as AWS's are good for.
    private static let validSeconds = 600

    /// An address under the name by which the client reached this server, which is its own permission for 10 minutes.
    func url(of configuration: FunctionConfiguration, _ request: Request) -> String {
        let version = configuration.version.qualifier.replacing("$", with: "%24")
        return address(of: "/_thaw/code/\(configuration.functionName)/\(version)", request)
    }

    func url(of layer: LayerVersion, _ request: Request) -> String {
        address(of: "/_thaw/layer/\(layer.layerName)/\(layer.number)", request)
    }

    private func address(of path: String, _ request: Request) -> String {
        let host = Self.host(of: request) ?? "\(address):\(port)"
        let query = signer.presignedQuery(
            for: SignedRequest(method: "GET", path: path, headers: [("host", host)]), at: .now(),
            validSeconds: Self.validSeconds)
        return "\(scheme)://\(host)\(path)?\(query)"
    }

    /// Refuses an address that has expired, or that is none of this server's.
    func check(_ request: Request, needsSignature: Bool) throws(LambdaError) {
        var signed = SignedRequest(request)
        // What else a client says of itself is nobody's business here.
        signed.headers = signed.headers.filter { $0.name == "host" }
        do throws(SignatureError) {
            if let claim = try SignatureClaim(signed) {
                return try claim.verify(signed, secretAccessKey: signer.credentials.secretAccessKey, at: .now())
            }
        } catch {
            throw LambdaError(code: .accessDenied, message: error.description)
        }
        if needsSignature { throw .codeAddressUnsigned }
    }

    /// What the client called this server, if that can stand in an address.
    static func host(of request: Request) -> String? {
        guard let given = request.head.authority, !given.isEmpty, given.utf8.allSatisfy(isHostCharacter) else {
            return nil
        }
        return given
    }

    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"),
            UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: false
        }
    }
}
