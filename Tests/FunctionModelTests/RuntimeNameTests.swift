import FunctionModel
import Testing

@Suite("Runtime names") struct RuntimeNameTests {
    @Test(
        "lead to the base image that serves them",
        arguments: [
            ("python3.11", "python3.11"), ("nodejs20.x", "nodejs20"), ("nodejs20", "nodejs20"),
            ("provided.al2", "provided"), ("provided.al2023", "provided"), ("provided", "provided"),
        ])
    func images(runtime: String, image: String) {
        #expect(Runtimes.image(for: runtime) == image)
        #expect(Runtimes.isProvided(runtime) == (image == "provided"))
        #expect(Runtimes.names(servedBy: [image]).contains(runtime))
    }

    @Test("are those of the images that are there")
    func names() throws {
        #expect(
            Runtimes.names(servedBy: ["java17", "provided"]) == [
                "java17", "provided", "provided.al2", "provided.al2023",
            ])
        let server = ServerAbilities(runtimes: Runtimes.names(servedBy: ["provided"]))
        // `provided` brings a `bootstrap` of its own: the handler is for that to make sense of.
        for handler in ["bootstrap", "x", "not.a::known/form"] {
            try FunctionValidation.checkUpdate(
                FunctionMembers(runtime: "provided.al2023", handler: handler), by: server)
        }
        let error = #expect(throws: LambdaError.self) {
            try FunctionValidation.checkUpdate(FunctionMembers(runtime: "nodejs20.x"), by: server)
        }
        #expect(error?.message.hasSuffix("Runtimes available: provided, provided.al2, provided.al2023.") == true)
    }
}
