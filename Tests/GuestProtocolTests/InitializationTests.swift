import GuestProtocol
import Testing

@Suite struct InitializationTests {
    private func initialization(_ arguments: [String], path: String? = nil) -> Initialization {
        Initialization(
            arguments: arguments, environment: path.map { [EnvironmentVariable("PATH", $0)] } ?? [],
            workingDirectory: "/", isSnapStart: false, uniqueness: .empty)
    }

    @Test(
        "a program is looked for as a shell does, and a function's own bootstrap at its two places",
        arguments: [
            (["/usr/bin/python3", "-m", "x"], "/bin", ["/usr/bin/python3"]),
            (["bin/python3"], "/bin", ["bin/python3"]),
            (["python3", "x"], "/usr/local/bin:/bin", ["/usr/local/bin/python3", "/bin/python3"]),
            (["python3"], ":/bin", ["./python3", "/bin/python3"]),
            (["python3"], "", ["./python3"]),
            (["python3"], nil, ["python3"]),
            ([""], "/bin", [""]),
            ([], "/bin", [""]),
            (["/var/task/bootstrap"], "/bin", ["/var/task/bootstrap", "/opt/bootstrap"]),
            (["/var/task/bootstrap", "x"], "/bin", ["/var/task/bootstrap"]),
        ])
    func programs(arguments: [String], path: String?, found: [String]) {
        #expect(initialization(arguments, path: path).programs == found)
    }

    @Test("what was not found has its own name, but for the bootstrap, whose absence has AWS's words")
    func notFound() {
        #expect(initialization(["python3"]).notFound(errno: 2) == .notStarted(program: "python3", errno: 2))
        #expect(initialization(["/var/task/bootstrap"]).notFound(errno: 2) == .notStarted(program: "", errno: 2))
    }
}

extension Uniqueness {
    fileprivate static let empty = Uniqueness(
        generation: 1, entropy: [UInt8](repeating: 0, count: entropyLength), wallClockNanoseconds: 0,
        credentials: Credentials(
            authorizationToken: "", accessKeyID: "", secretAccessKey: "", sessionToken: "", expiration: ""))
}
