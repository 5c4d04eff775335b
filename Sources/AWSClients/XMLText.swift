/// Reads single elements of the small XML answers that SNS and S3 give; not a parser.
enum XMLText {
    /// The text of the first element of this name, with the five entities of XML decoded.
    static func element(_ name: String, in body: [UInt8]) -> String? {
        let text = String(decoding: body.prefix(65_536), as: UTF8.self)
        guard let start = text.firstRange(of: "<\(name)>"),
            let end = text[start.upperBound...].firstRange(of: "</\(name)>")
        else { return nil }
        var value = String(text[start.upperBound..<end.lowerBound])
        for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")] {
            value = value.replacing(entity, with: character)
        }
        return value
    }

    /// What a service that answers in XML refused with.
    static func refusal(_ answer: AWSAnswer, of service: AWSService) -> AWSClientError {
        AWSClientError(
            .refused(type: element("Code", in: answer.body) ?? "\(answer.status)", status: answer.status), service,
            element("Message", in: answer.body) ?? "status \(answer.status)")
    }
}
