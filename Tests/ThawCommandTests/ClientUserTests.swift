import LinuxKit
import SigV4
import SystemPackage
import TestSupport
import Testing
import ThawCommand

/// As whom the commands ask a server.
@Suite struct ClientUserTests {
    @Test("the environment comes before the files, and those before what any server takes")
    func order() throws {
        try withScratchDirectory { directory in
            let (credentials, config) = (directory.appending("credentials"), directory.appending("config"))
            try DurableFile.write(
                """
                [default]
                aws_access_key_id = FILE
                aws_secret_access_key = in the file
                [ci]
                aws_access_key_id=CI
                aws_secret_access_key=of ci
                """.utf8, to: credentials)
            try DurableFile.write("[default]\nregion = eu-west-1\n[profile ci]\nregion = eu-north-1\n".utf8, to: config)
            let files = [
                "AWS_SHARED_CREDENTIALS_FILE": credentials.string, "AWS_CONFIG_FILE": config.string,
                "AWS_CA_BUNDLE": "",
            ]
            func user(_ more: [String: String]) -> ClientUser { ClientUser(files.merging(more) { $1 }) }

            #expect(user([:]).credentials.accessKeyID == "FILE" && user([:]).region == "eu-west-1")
            #expect(user([:]).authorities == nil)
            let ci = user(["AWS_PROFILE": "ci", "AWS_CA_BUNDLE": "/ca.pem"])
            #expect(
                ci.credentials.secretAccessKey == "of ci" && ci.region == "eu-north-1" && ci.authorities == "/ca.pem")
            let own = user(["AWS_ACCESS_KEY_ID": "OWN", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "us-west-2"])
            #expect(own.credentials.accessKeyID == "OWN" && own.region == "us-west-2")
            let nobody = ClientUser(["HOME": directory.string])
            #expect(nobody.credentials == .init(accessKeyID: "test", secretAccessKey: "test"))
            #expect(nobody.region == "us-east-1")
        }
    }
}
