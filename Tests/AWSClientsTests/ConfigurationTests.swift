import AWSClients
import SigV4
import Testing

@Suite("What an operator says of AWS's services") struct ConfigurationTests {
    @Test(
        "an endpoint becomes scheme, authority and prefix",
        arguments: [
            ("http://127.0.0.1:5000", "http", "127.0.0.1:5000", ""),
            ("http://127.0.0.1:5000/", "http", "127.0.0.1:5000", ""),
            ("HTTP://Localhost:80/aws//", "http", "localhost", "/aws"),
            ("https://{service}.{region}.amazonaws.com", "https", "sqs.eu-west-1.amazonaws.com", ""),
            ("https://[::1]:443", "https", "[::1]", ""),
        ])
    func address(text: String, scheme: String, authority: String, prefix: String) throws {
        let endpoint = try #require(AWSEndpoint(text))
        let address = try #require(endpoint.address(of: .sqs, region: "eu-west-1"))
        #expect((address.scheme, address.authority, address.prefix) == (scheme, authority, prefix))
    }

    @Test(
        "what is no endpoint is none",
        arguments: [
            "", "127.0.0.1:5000", "ftp://a", "http://", "http:///x", "http://:80", "http://a/?b", "http://a b",
            "http://u@h",
            "http://a\r\nX: y",
        ])
    func refusal(text: String) { #expect(AWSEndpoint(text) == nil) }

    @Test("a service's own endpoint comes before the common one")
    func own() {
        var configuration = AWSConfiguration(region: "us-east-1", endpoint: AWSEndpoint("http://a:1"))
        configuration.endpoints[.s3] = AWSEndpoint("http://b:2")
        #expect(configuration.address(of: .sqs)?.authority == "a:1")
        #expect(configuration.address(of: .s3)?.authority == "b:2")
        #expect(AWSConfiguration(region: "us-east-1").address(of: .sqs) == nil)
    }

    @Test(
        "credentials are read from a file as AWS's tools write it",
        arguments: [
            ("[default]\naws_access_key_id = AK\naws_secret_access_key=SE+/=\n", "AK", "SE+/="),
            (
                "# a\n[other]\naws_access_key_id = X\n[default]\r\nAWS_ACCESS_KEY_ID=AK\r\naws_secret_access_key = S\n",
                "AK", "S"
            ),
            ("[default]\naws_access_key_id = AK\n", nil, nil),
            ("aws_access_key_id=A\naws_secret_access_key=B\n", nil, nil),
            ("", nil, nil),
        ] as [(String, String?, String?)])
    func file(text: String, id: String?, secret: String?) {
        let found = SigningCredentials(fileText: text)
        #expect(found?.accessKeyID == id)
        #expect(found?.secretAccessKey == secret)
    }

    @Test("the environment's credentials need both parts")
    func environment() {
        let whole = ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "B", "AWS_SESSION_TOKEN": "C"]
        #expect(
            SigningCredentials(environment: whole)
                == SigningCredentials(accessKeyID: "A", secretAccessKey: "B", sessionToken: "C"))
        #expect(SigningCredentials(environment: ["AWS_ACCESS_KEY_ID": "A"]) == nil)
        #expect(SigningCredentials(environment: whole.merging(["AWS_ACCESS_KEY_ID": ""]) { $1 }) == nil)
    }

    @Test("a queue's ARN is read, and nothing else is one")
    func queues() {
        let queue = QueueARN("arn:aws:sqs:eu-west-1:123456789012:work.fifo")
        #expect(queue?.name == "work.fifo")
        #expect(queue?.accountID == "123456789012")
        #expect(queue?.region == "eu-west-1")
        #expect(queue?.isFIFO == true)
        for text in [
            "", "arn:aws:sqs:eu-west-1:123456789012:", "arn:aws:sns:eu-west-1:123456789012:a", "a:b:sqs:d:e:f",
        ] {
            #expect(QueueARN(text) == nil, "\(text)")
        }
    }

    @Test("what nobody said the place of is not asked")
    func unconfigured() async {
        let connection = AWSConnection(AWSConfiguration(region: "us-east-1"))
        await #expect(throws: AWSClientError.self) {
            try await SNSClient(connection).publish(topicARN: "a", message: "b")
        }
        await connection.shutdown()
    }
}
