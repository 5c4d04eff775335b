import HTTPTypes
import HummingbirdTesting
import Testing

/// A client that was given one endpoint for all of AWS's services.
@Suite struct ForeignCallTests {
    static func authorization(_ service: String) -> String {
        "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/\(service)/aws4_request, SignedHeaders=host, Signature=00"
    }

    static func send(
        _ service: String, path: String = "/", headers: [(String, String)] = [], body: String? = nil
    ) async throws -> (status: Int, type: String?, text: String) {
        var fields: HTTPFields = [.authorization: authorization(service)]
        for (name, value) in headers { if let name = HTTPField.Name(name) { fields[name] = value } }
        let response = try await APITester(FakeLambdaService()).send(.post, path, headers: fields, body: body)
        return (Int(response.status.code), response.header("Content-Type"), response.text)
    }

    static let form = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]

    @Test("a query call is refused in XML, which names service and action")
    func query() async throws {
        let answer = try await Self.send(
            "cloudformation", headers: Self.form, body: "Version=2010-05-15&Action=DescribeStackResources&x=%3C")
        #expect(answer.status == 404 && answer.type == "text/xml")
        #expect(
            answer.text.hasPrefix("<ErrorResponse><Error><Type>Sender</Type><Code>UnknownOperationException</Code>"))
        #expect(answer.text.contains("cloudformation:DescribeStackResources is no part of it"))
    }

    @Test("EC2 and S3 have XML of their own")
    func otherXML() async throws {
        let ec2 = try await Self.send("ec2", headers: Self.form, body: "Action=DescribeSubnets")
        #expect(ec2.text.hasPrefix("<Response><Errors><Error><Code>UnknownOperationException</Code>"))
        let s3 = try await Self.send("s3", path: "/bucket/key")
        #expect(s3.type == "application/xml" && s3.text.hasPrefix("<Error><Code>UnknownOperationException</Code>"))
    }

    @Test("what an action is called cannot be markup")
    func escaped() async throws {
        let answer = try await Self.send("sts", headers: Self.form, body: "Action=<b>&y=1")
        #expect(answer.text.contains("sts:&lt;b&gt;") && !answer.text.contains("<b>"))
    }

    @Test("a JSON call is refused with a type, in the version it came in", arguments: ["1.0", "1.1"])
    func json(version: String) async throws {
        let answer = try await Self.send(
            "dynamodb",
            headers: [
                ("X-Amz-Target", "DynamoDB_20120810.ListTables"), ("Content-Type", "application/x-amz-json-\(version)"),
            ],
            body: "{}")
        #expect(answer.status == 404 && answer.type == "application/x-amz-json-\(version)")
        #expect(
            answer.text.hasPrefix(#"{"__type":"UnknownOperationException","message":"This server has the AWS Lambda"#))
        #expect(answer.text.contains("dynamodb:ListTables"))
    }

    @Test("so is a call in CBOR")
    func cbor() async throws {
        let answer = try await Self.send(
            "monitoring", path: "/service/GraniteServiceVersion20100801/operation/ListMetrics",
            headers: [("Smithy-Protocol", "rpc-v2-cbor")])
        #expect(answer.type == "application/cbor")
        #expect(answer.text.contains("__typey\0\u{19}UnknownOperationException"))
    }

    @Test("what may be Lambda's is refused as before")
    func own() async throws {
        let answer = try await Self.send("lambda", path: "/2015-03-31/nothing")
        #expect(answer.status == 404 && answer.type == "application/json")
        #expect(answer.text.contains("The AWS Lambda API has no action at"))
    }
}
