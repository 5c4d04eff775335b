import Authorization
import SigV4
import Testing

@Suite struct AuthenticatorTests {
    static let time = SigningTime(seconds: 1_800_000_000)

    static func signed(
        by user: User = UserTests.user, region: String = "eu-west-1", service: String = "lambda"
    ) -> SignedRequest {
        var request = SignedRequest(method: "GET", path: "/2015-03-31/functions", headers: [("host", "a")])
        let signer = RequestSigner(
            credentials: SigningCredentials(accessKeyID: user.accessKeyID, secretAccessKey: user.secretAccessKey),
            region: region, service: service)
        request.headers += signer.headers(for: request, at: time)
        return request
    }

    static let authenticator = Authenticator(users: UserDirectory([UserTests.user]), region: "eu-west-1")

    @Test("a user is known by the signature, again and again")
    func known() throws {
        for _ in 0..<3 {
            let claim = try Self.authenticator.claim(Self.signed())
            try claim.verify(Self.signed(), at: Self.time)
            #expect(claim.user.name == "ci")
        }
    }

    @Test("nobody else is")
    func others() throws {
        let authenticator = Self.authenticator
        let stranger = User(name: "x", accessKeyID: "OTHER", secretAccessKey: "0123456789abcdef", grants: [])
        let thief = User(name: "x", accessKeyID: "AKID", secretAccessKey: "0123456789abcdeF", grants: [])
        #expect(throws: AuthenticationError.missing) {
            try authenticator.claim(SignedRequest(method: "GET", path: "/", headers: [("host", "a")]))
        }
        #expect(throws: AuthenticationError.unknownKey) { try authenticator.claim(Self.signed(by: stranger)) }
        let claim = try authenticator.claim(Self.signed(by: thief))
        #expect(throws: AuthenticationError.signature(.mismatch)) {
            try claim.verify(Self.signed(by: thief), at: Self.time)
        }
        #expect(throws: AuthenticationError.foreignRegion("us-east-1")) {
            try authenticator.claim(Self.signed(region: "us-east-1"))
        }
        #expect(throws: AuthenticationError.foreignService("s3")) {
            try authenticator.claim(Self.signed(service: "s3"))
        }
    }
}
