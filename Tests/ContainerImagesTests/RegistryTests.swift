import ContainerImages
import Foundation
import LinuxKit
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// What a maker of roots has told.
private final class Steps: Sendable {
    private let steps = Mutex<[ImageProgress]>([])

    var all: [ImageProgress] { steps.withLock { $0 } }

    func add(_ step: ImageProgress) { steps.withLock { $0.append(step) } }
}

@Suite(.requiresRoot) struct RegistryTests {
    private static func reference(_ registry: FakeRegistry, _ name: String = "team/app:1") throws -> ImageReference {
        try ImageReference(parsing: "\(registry.host)/\(name)")
    }

    @Test("a tag is resolved to a digest; the root is made once, whoever asks meanwhile")
    func pulled() async throws {
        let image = TestImage.sample()
        try await FakeRegistry.with { registry in
            registry.serve(["1": image])
            try await withStore { store, _ in
                let found = try await store.resolve(try Self.reference(registry))
                #expect(found.digest == image.digest)
                #expect(found.reference == "\(registry.host)/team/app:1")
                #expect(found.resolvedReference == "\(registry.host)/team/app@\(image.digest)")
                #expect(found.compressedSize == Int64(image.layers.reduce(0) { $0 + $1.count }))
                let configuration = found.configuration
                #expect(configuration.entrypoint == ["/bootstrap"] && configuration.command == ["a", "b"])
                #expect(configuration.environment == ["A=1"] && configuration.workingDirectory == "/srv")
                #expect(configuration.user == "1000" && configuration.labels == ["k": "v"])
                #expect(registry.count("/blobs/") == 1)

                let steps = Steps()
                let roots = try await withThrowingTaskGroup(of: ContainerRoot.self) { group in
                    for _ in 0..<5 {
                        group.addTask { try await store.root(of: found) { steps.add($0) } }
                    }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
                let root = try #require(roots.first)
                #expect(roots.count == 1)
                #expect(root.digest == image.digest)
                #expect(try text("hello", in: root) == "hello")
                try withMount(of: root) { path throws in
                    let names = try Directory.entries(path)
                    #expect(!names.contains("old"))
                    #expect(FileStatus.isDirectory(path.pushing("var/task")))
                }
                for layer in image.layers { #expect(registry.count("\(ImageDigest(of: layer))") == 1) }
                #expect(
                    steps.all.contains { step in
                        if case .pulling(_, _, let bytes, let total) = step { bytes == total } else { false }
                    })
                #expect(steps.all.last == .packing)

                let asked = registry.requests.count
                #expect(try await store.root(of: found) { _ in } == root)
                #expect(registry.requests.count == asked)
            }
        }
    }

    @Test("roots that nobody names go, and come again")
    func pruned() async throws {
        let images = ["1": TestImage.sample("one"), "2": .sample("two")]
        try await FakeRegistry.with { registry in
            registry.serve(images)
            try await withStore { store, _ in
                var roots: [ContainerRoot] = []
                for tag in ["1", "2"] {
                    let found = try await store.resolve(try Self.reference(registry, "app:\(tag)"))
                    roots.append(try await store.root(of: found) { _ in })
                }
                try await store.remove(except: [roots[1].digest])
                #expect(!FileStatus.exists(roots[0].path))
                #expect(FileStatus.exists(roots[1].path))
                let found = try await store.resolve(try Self.reference(registry, "app:1"))
                #expect(try text("hello", in: try await store.root(of: found) { _ in }) == "one")
            }
        }
    }

    @Test("an index is searched for this machine's image; attestations are none")
    func indexes() async throws {
        let (image, other) = (TestImage.sample(), TestImage([], architecture: "s390x"))
        let index = TestImage.index([other.entry("linux/s390x"), TestImage.attestation, image.entry()])
        try await FakeRegistry.with { registry in
            registry.serve(["x": image], manifests: ["1": (TestImage.indexType, index)])
            try await withStore { store, _ in
                let found = try await store.resolve(try Self.reference(registry))
                #expect(found.digest == image.digest)
            }
        }
    }

    @Test(
        "what is no image for this machine is refused with AWS's words",
        arguments: [
            (TestImage.index([TestImage([]).entry("linux/s390x"), TestImage([]).entry("windows/amd64")]), true),
            (TestImage.index([TestImage.attestation]), true), (TestImage.index([]), true),
            (TestImage([], architecture: "s390x").manifest, true),
            (TestImage([[1]], layerType: "application/vnd.oci.image.layer.nondistributable.v1.tar").manifest, false),
            (TestImage([[1]], layerType: "text/plain").manifest, false),
            (Array("{}".utf8), false), (Array("[".utf8), false),
            (Array(#"{"schemaVersion":1,"fsLayers":[]}"#.utf8), false),
            (TestImage.sample().manifest.dropLast() + Array(#","manifests":[]}"#.utf8), false),
        ])
    func refused(_ manifest: [UInt8], isArchitecture: Bool) async throws {
        let image = TestImage([], architecture: "s390x")
        try await FakeRegistry.with { registry in
            registry.serve(["x": image], manifests: ["1": ("application/json", manifest)])
            try await withStore { store, _ in
                let reference = try Self.reference(registry)
                let error = try await #require(throws: ContainerImageError.self) { try await store.resolve(reference) }
                #expect(error.code == (isArchitecture ? .noMatchingArchitecture : .unsupported))
                #expect(
                    error.message
                        == "The image manifest, config or layer media type for the source image \(reference) is not supported."
                )
            }
        }
    }

    @Test(
        "what a registry refuses is told by its kind",
        arguments: [
            (404, ContainerImageError.Code.notFound, "does not exist. Provide a valid source image."),
            (403, .unauthorized, "Lambda does not have permission to access the ECR image. Check the ECR permissions."),
            (401, .unreachable, "does not answer as registries do"),  // without a challenge
            (429, .unreachable, "too many requests"), (500, .unreachable, "cannot be reached"),
            (302, .unreachable, "cannot be reached"),  // without a place
        ])
    func statuses(status: Int, code: ContainerImageError.Code, excerpt: String) async throws {
        try await FakeRegistry.with { registry in
            registry.answer { _ in .status(status) }
            try await withStore { store, _ in
                let error = try await #require(throws: ContainerImageError.self) {
                    try await store.resolve(try Self.reference(registry))
                }
                #expect(error.code == code)
                #expect(error.message.contains(excerpt), "\(error.message)")
            }
        }
    }

    @Test("a registry that is not there is an error, soon")
    func nobody() async throws {
        let host = try await FakeRegistry.with { $0.host }
        try await withStore { store, _ in
            let error = try await #require(throws: ContainerImageError.self) {
                try await store.resolve(try ImageReference(parsing: "\(host)/app:1"))
            }
            #expect(error.code == .unreachable)
        }
    }

    @Test("every part is checked: a digest that is not the content's, too few bytes, too many", arguments: 0..<5)
    func damaged(kind: Int) async throws {
        let image = TestImage.sample()
        let layer = image.layers[0]
        try await FakeRegistry.with { registry in
            registry.answer { request in
                var answer = FakeRegistry.answer(request, ["1": image])
                let isLayer = request.path.hasSuffix(ImageDigest(of: layer).hexadecimal)
                switch kind {
                case 0 where isLayer: answer.body[20] ^= 1
                case 1 where isLayer: answer.body.removeLast()
                case 2 where isLayer: answer.body.append(0)
                // The connection ends before the answer does.
                case 3 where isLayer: answer.length = layer.count + 100
                case 4 where request.path.contains("/manifests/sha256:"): answer.body.append(32)
                default: break
                }
                return answer
            }
            try await withStore { store, scratch in
                let found = try await store.resolve(try Self.reference(registry))
                let error = try await #require(throws: ContainerImageError.self) {
                    try await store.root(of: found) { _ in }
                }
                #expect(error.code == (kind == 3 ? .unreachable : .damaged))
                let left = try Directory.entries(scratch.pushing("images/roots"))
                #expect(left.isEmpty, "\(left)")
                #expect(try Directory.entries(scratch.pushing("images/staging")).isEmpty)
            }
        }
    }

    @Test("redirects are followed, and no login goes with them")
    func redirects() async throws {
        let image = TestImage.sample()
        try await FakeRegistry.with { storage in
            storage.serve(["1": image])
            let elsewhere = storage.host
            try await FakeRegistry.with { registry in
                registry.answer { request in
                    guard request.authorization == "Basic dTpw" else {
                        return .status(401, [("www-authenticate", "Basic realm=\"r\"")])
                    }
                    if request.path.contains("/blobs/") {
                        return .status(307, [("location", "http://\(elsewhere)\(request.path)")])
                    }
                    return FakeRegistry.answer(request, ["1": image])
                }
                try await Self.withLogins(#"{"auths":{"\#(registry.host)":{"auth":"dTpw"}}}"#) { store in
                    let found = try await store.resolve(try Self.reference(registry))
                    #expect(try text("hello", in: try await store.root(of: found) { _ in }) == "hello")
                }
                // The configuration twice, and two layers.
                #expect(storage.requests.count == 4)
                #expect(storage.requests.allSatisfy { $0.authorization == nil })
            }
        }
    }

    @Test("a registry that sends round in circles is given up")
    func circles() async throws {
        try await FakeRegistry.with { registry in
            registry.answer { .status(302, [("location", $0.path)]) }
            try await withStore { store, _ in
                let error = try await #require(throws: ContainerImageError.self) {
                    try await store.resolve(try Self.reference(registry))
                }
                #expect(error.code == .unreachable)
                #expect(registry.requests.count == 6)
            }
        }
    }

    /// A store that has these logins.
    private static func withLogins<R>(_ text: String, _ body: (ContainerImageStore) async throws -> R) async throws -> R
    {
        try await withScratchDirectory { scratch in
            let file = scratch.appending("auth.json")
            try DurableFile.write(text.utf8, to: file)
            var options = ContainerImageOptions()
            options.logins = RegistryLogins(environment: ["REGISTRY_AUTH_FILE": file.string])
            return try await withStore(options) { store, _ in try await body(store) }
        }
    }

    @Test(
        "tokens are asked for as anybody, with a password, and with a token of identity",
        arguments: [
            ("", "GET", nil), (#""auth":"dTpw""#, "GET", "Basic dTpw"),
            (#""identitytoken":"a+b/c=","auth":"dTpw""#, "POST", nil),
        ])
    func tokens(login: String, method: String, sent: String?) async throws {
        let image = TestImage.sample()
        try await FakeRegistry.with { registry in
            let host = registry.host
            registry.answer { request in
                if request.path.hasPrefix("/token") {
                    return .init(body: Array(#"{"token":"t0k","expires_in":300}"#.utf8))
                }
                guard request.authorization == "Bearer t0k" else {
                    let challenge =
                        "Bearer realm=\"http://\(host)/token?x=1\",service=\"s, 1\",scope=\"repository:team/app:pull\""
                    return .status(401, [("www-authenticate", challenge)])
                }
                return FakeRegistry.answer(request, ["1": image])
            }
            let logins = login.isEmpty ? "{}" : #"{"auths":{"\#(host)/team":{\#(login)}}}"#
            try await Self.withLogins(logins) { store in
                let found = try await store.resolve(try Self.reference(registry))
                #expect(found.digest == image.digest)
            }
            let asked = registry.requests.filter { $0.path.hasPrefix("/token") }
            #expect(asked.count == 1)
            let request = try #require(asked.first)
            #expect(request.method == method && request.authorization == sent)
            if method == "GET" {
                #expect(request.path == "/token?x=1&scope=repository:team/app:pull&service=s,%201")
            } else {
                #expect(
                    request.body.contains("grant_type=refresh_token")
                        && request.body.contains("refresh_token=a%2Bb%2Fc%3D"))
                #expect(request.body.contains("service=s%2C%201") && request.path == "/token?x=1")
            }
        }
    }

    @Test(
        "who may not pull is told what to do",
        arguments: [
            ("{}", "asks for a login"), (#"{"auths":{"HOST":{"auth":"dTpw"}}}"#, "does not accept the login"),
            (#"{"credHelpers":{"HOST":"pass"}}"#, "credential helper 'pass'"),
            (#"{"auths":{"HOST":{}},"credsStore":"desktop"}"#, "credential helper 'desktop'"),
            ("{", "file with logins"),
        ])
    func unauthorized(logins: String, excerpt: String) async throws {
        try await FakeRegistry.with { registry in
            registry.answer { _ in .status(401, [("www-authenticate", "Basic realm=\"r\"")]) }
            try await Self.withLogins(logins.replacing("HOST", with: registry.host)) { store in
                let error = try await #require(throws: ContainerImageError.self) {
                    try await store.resolve(try Self.reference(registry))
                }
                #expect(error.code == .unauthorized)
                #expect(error.message.contains(excerpt), "\(error.message)")
            }
        }
    }

    @Test("no password is sent to another host in the clear")
    func realms() async throws {
        try await FakeRegistry.with { registry in
            registry.answer { _ in .status(401, [("www-authenticate", "Bearer realm=\"http://localhost:1/token\"")]) }
            try await Self.withLogins(#"{"auths":{"\#(registry.host)":{"auth":"dTpw"}}}"#) { store in
                let error = try await #require(throws: ContainerImageError.self) {
                    try await store.resolve(try Self.reference(registry))
                }
                #expect(error.code == .unreachable)
                #expect(error.cause?.contains("for a token") == true)
            }
        }
    }
}

@Suite struct LoginTests {
    @Test(
        "the login of a repository is that of its longest name",
        arguments: [
            ("example.com", "a/b", RegistryLogins.Login.basic("YTph")), ("example.com", "a", .basic("YTph")),
            ("example.com", "c", .basic("aDpo")), ("old.example.com", "x", .basic("bzpv")),
            ("other.example.com", "a", .none), ("named.example.com", "a", .basic("dTpw")),
            ("helped.example.com", "a", .helper("pass")),
        ])
    func longest(host: String, name: String, expected: RegistryLogins.Login) throws {
        let text = """
            {"auths":{"example.com":{"auth":"aDpo"},"example.com/a":{"auth":"YTph"},
            "https://old.example.com/v1/":{"auth":"bzpv"},"named.example.com":{"username":"u","password":"p"},
            "empty.example.com":{}},"credHelpers":{"helped.example.com":"pass"},"HttpHeaders":{"a":"b"}}
            """
        try withScratchDirectory { scratch in
            let file = scratch.appending("config.json")
            try DurableFile.write(text.utf8, to: file)
            for environment in [["REGISTRY_AUTH_FILE": file.string], ["DOCKER_CONFIG": scratch.string]] {
                #expect(try RegistryLogins(environment: environment).login(host: host, name: name) == expected)
            }
            #expect(try RegistryLogins(environment: ["HOME": scratch.string]).login(host: host, name: name) == .none)
        }
    }

    @Test(
        "challenges are read as RFC 9110 has them",
        arguments: [
            (["Basic realm=\"x\""], Challenge.basic),
            (["Bearer realm=\"https://a/t\",service=\"s\""], .bearer(realm: "https://a/t", service: "s", scope: nil)),
            (
                ["Basic realm=x", "BEARER scope=\"a, \\\"b\" , realm=r"],
                .bearer(realm: "r", service: nil, scope: "a, \"b")
            ),
            (["Negotiate, Basic realm=\"x\", Bearer realm=\"r\""], .bearer(realm: "r", service: nil, scope: nil)),
            ([], nil), (["Bearer service=\"s\""], nil), (["Digest realm=\"x\""], nil), ([",,=\""], nil),
            (["Bearer realm=\""], .bearer(realm: "", service: nil, scope: nil)),
        ])
    func challenges(fields: [String], expected: Challenge?) { #expect(Challenge(fields) == expected) }
}
