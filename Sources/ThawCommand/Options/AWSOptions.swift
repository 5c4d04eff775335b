import AWSClients
import ArgumentParser
import ServerAssembly

/// Where the server finds other services of AWS, or of an emulator.
package struct AWSOptions: ParsableArguments {
    @Option(
        name: .customLong("aws-endpoint"),
        help: ArgumentHelp(
            """
            Where SQS, SNS and S3 are, for event sources, destinations and code: http://127.0.0.1:5000, or \
            https://{service}.{region}.amazonaws.com for AWS itself. Default: none, and they are not used.
            """, valueName: "url"))
    var endpoint: String?

    @Option(
        name: .customLong("s3-endpoint"),
        help: ArgumentHelp("Where S3 is, if elsewhere. Default: --aws-endpoint.", valueName: "url"))
    var s3Endpoint: String?

    @Option(
        name: .customLong("aws-credentials"),
        help: ArgumentHelp(
            """
            File with the server's own credentials for them: [default], aws_access_key_id = …, aws_secret_access_key = …. \
            Default: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment, else test and test, as emulators take.
            """, valueName: "file"))
    var credentials: String?

    package init() {}

    package func validate() throws {
        try check(endpoint, "--aws-endpoint")
        try check(s3Endpoint, "--s3-endpoint")
    }

    private func check(_ text: String?, _ name: String) throws {
        guard let text, AWSEndpoint(text) == nil else { return }
        throw ValidationError("\(name) must be a URL such as http://127.0.0.1:5000; '\(text)' was given")
    }

    var choice: AWSChoice {
        var choice = AWSChoice()
        choice.endpoint = endpoint.flatMap { AWSEndpoint($0) }
        choice.s3Endpoint = s3Endpoint.flatMap { AWSEndpoint($0) }
        choice.credentials = credentials.map { StateDirectory.absolute($0) }
        return choice
    }
}
