import FunctionModel
import Testing

@Suite("Runtime names") struct RuntimeNameTests {
    @Test(
        "lead to the base image that serves them",
        arguments: [
            ("python3.11", "python3.11"), ("nodejs20.x", "nodejs20"), ("provided.al2", "provided"),
            ("provided.al2023", "provided"),
        ])
    func images(runtime: String, image: String) {
        #expect(Runtimes.image(for: runtime) == image)
        #expect(Runtimes.isProvided(runtime) == (image == "provided"))
        #expect(Runtimes.names(servedBy: [image]).contains(runtime))
    }

    @Test(
        "are AWS's alone, and others are refused in its words",
        arguments: [
            (
                "provided",
                """
                The runtime parameter of provided is no longer supported for creating or updating AWS Lambda functions. \
                We recommend you use a supported runtime while creating or updating functions.
                """
            ),
            ("nodejs20", LambdaError.unknown(runtime: "nodejs20").message),
        ])
    func refused(runtime: String, message: String) {
        let names = Runtimes.names(servedBy: ["nodejs20", "provided"])
        #expect(names == ["nodejs20.x", "provided.al2", "provided.al2023"])
        let error = #expect(throws: LambdaError.self) {
            try FunctionValidation.checkUpdate(
                FunctionMembers(runtime: runtime), by: ServerAbilities(runtimes: names))
        }
        #expect(error?.message == message)
    }

    @Test("are those of the images that are there")
    func names() throws {
        #expect(
            Runtimes.names(servedBy: ["java17", "provided"]) == ["java17", "provided.al2", "provided.al2023"])
        let server = ServerAbilities(runtimes: Runtimes.names(servedBy: ["provided"]))
        // `provided` brings a `bootstrap` of its own: the handler is for that to make sense of.
        for handler in ["bootstrap", "x", "not.a::known/form"] {
            try FunctionValidation.checkUpdate(
                FunctionMembers(runtime: "provided.al2023", handler: handler), by: server)
        }
        let error = #expect(throws: LambdaError.self) {
            try FunctionValidation.checkUpdate(FunctionMembers(runtime: "nodejs20.x"), by: server)
        }
        #expect(error?.message.hasSuffix("Runtimes available: provided.al2, provided.al2023.") == true)
    }
}
