internal import SigV4

/// Amazon SNS, or what speaks like it.
package struct SNSClient: Sendable {
    private let connection: AWSConnection

    package init(_ connection: AWSConnection) { self.connection = connection }

    /// Publishes to a topic.
    ///
    /// - Parameter numbers: which of the attributes are no texts.
    package func publish(
        topicARN: String, message: String, attributes: [String: String] = [:], numbers: Set<String> = []
    ) async throws(AWSClientError) {
        var items = [
            ("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", topicARN), ("Message", message),
        ]
        for (index, attribute) in attributes.sorted(by: { $0.key < $1.key }).enumerated() {
            let entry = "MessageAttributes.entry.\(index + 1)"
            items += [
                ("\(entry).Name", attribute.key),
                ("\(entry).Value.DataType", numbers.contains(attribute.key) ? "Number" : "String"),
                ("\(entry).Value.StringValue", attribute.value),
            ]
        }
        let form = items.map { "\(URIText.encoded($0.0))=\(URIText.encoded($0.1))" }.joined(separator: "&")
        var call = AWSConnection.Call()
        call.headers = [(name: "content-type", value: "application/x-www-form-urlencoded; charset=utf-8")]
        call.body = Array(form.utf8)
        let answer = try await connection.answer(call, to: .sns)
        guard answer.isSuccess else { throw XMLText.refusal(answer, of: .sns) }
    }
}
