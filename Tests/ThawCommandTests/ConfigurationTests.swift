import ArgumentParser
import Foundation
import ServerAssembly
import SystemPackage
import Testing
import ThawCommand

@Suite struct ConfigurationTests {
    @Test(
        "a file's lines are options of thaw serve",
        arguments: [
            ("", []),
            ("# a comment\n\n   # another\n", []),
            ("port = 9001\nstate-dir=/srv/thaw\n", ["--port=9001", "--state-dir=/srv/thaw"]),
            ("  max-sandboxes\t=  64   # as many as fit\r\n", ["--max-sandboxes=64"]),
            ("seeds = false\nkeep-slots = true", ["--no-seeds", "--keep-slots"]),
            ("strict-last-update-status = false", ["--no-strict-last-update-status"]),
            ("sandbox-ids = 200000:4096", ["--sandbox-ids=200000:4096"]),
            ("state-dir = /srv/a#b = c", ["--state-dir=/srv/a#b = c"]),
            ("slot-layout = bridged\nname-server = 192.0.2.1", ["--slot-layout=bridged", "--name-server=192.0.2.1"]),
        ] as [(String, [String])])
    func lines(text: String, expected: [String]) throws {
        let file = try ConfigurationFile(text, of: "/etc/thaw/thaw.conf")
        #expect(file.settings.flatMap(\.arguments) == expected)
        _ = try ServerOptions.parse(expected)
    }

    @Test(
        "what makes no sense in it is told with its place",
        arguments: [
            ("port", "line 1: 'port' is not of the form name = value"),
            ("\n= 9000", "line 2: '= 9000' is not of the form"),
            ("port =", "line 1: 'port =' is not of the form"),
            ("port = 70000", "line 1: port = 70000: --port must be 0 to 65535; 70000 was given"),
            ("port = nine", "line 1: port = nine: The value 'nine' is invalid for '--port"),
            ("#\n#\nprot = 9000", "line 3: prot = 9000: Unknown option '--prot'"),
            ("port = 1\nport = 2", "line 2: port has been set above"),
            ("seeds = yes", "line 1: seeds is true or false; 'yes' was given"),
            ("port = true", "line 1: port = true: The value 'true' is invalid"),
            ("no-seeds = true", "line 1: there is nothing named 'no-seeds'"),
            ("config = /etc/other", "line 1: there is nothing named 'config'"),
            ("help = true", "line 1: there is nothing named 'help'"),
            ("--port = 1", "line 1: there is nothing named '--port'"),
            (
                "sandbox-ids = 200000",
                "line 1: sandbox-ids = 200000: The value '200000' is invalid for '--sandbox-ids"
            ),
            ("slots = 0", "line 1: slots = 0: --slots must be 1 to 65536; 0 was given"),
        ] as [(String, String)])
    func mistakes(text: String, excerpt: String) {
        let error = #expect(throws: ConfigurationError.self) { try ConfigurationFile(text, of: "/etc/thaw/thaw.conf") }
        #expect(error?.description.hasPrefix("/etc/thaw/thaw.conf, \(excerpt)") == true, "\(error?.description ?? "")")
    }

    /// Completes `given` where the file says port 9001 and state directory /srv/file.
    private func complete(
        _ given: [String], environment: [String: String] = [:], file: String = "port = 9001\nstate-dir = /srv/file"
    ) throws -> [String] {
        let path = NSTemporaryDirectory() + "thaw-\(UUID().uuidString).conf"
        try file.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try Arguments(environment: environment, standard: FilePath(path)).complete(given)
    }

    @Test("the command line comes before the environment, that before the file, and that before what is usual")
    func precedence() throws {
        func options(_ given: [String], _ environment: [String: String] = [:]) throws -> ServerOptions {
            let command = try Thaw.parseAsRoot(try complete(["serve"] + given, environment: environment))
            return try #require(command as? ServeCommand).options
        }
        let environment = ["THAW_STATE_DIR": "/srv/environment"]
        #expect(try options([]).port == 9001)
        #expect(try options([]).state.directory == StateDirectory("/srv/file"))
        #expect(try options([], environment).state.directory == StateDirectory("/srv/environment"))
        #expect(try options([], ["THAW_STATE_DIR": ""]).state.directory == StateDirectory("/srv/file"))
        #expect(try options(["--state-dir", "/srv/line"], environment).state.directory == StateDirectory("/srv/line"))
        #expect(try options(["--port=1"]).port == 1)
        #expect(try options(["--config", "/dev/null"]).port == 9000)
        #expect(try options(["--config=/dev/null"]).state.directory == StateDirectory("/var/lib/thaw"))
    }

    @Test("a flag in the file can be undone")
    func flags() throws {
        let file = "seeds = false\nkeep-slots = true"
        let command = try Thaw.parseAsRoot(try complete(["serve", "--seeds", "--no-keep-slots"], file: file))
        let options = try #require(command as? ServeCommand).options
        #expect(options.seeds && !options.slots.keep)
    }

    @Test("every command that works on a state directory hears where it is")
    func commands() throws {
        var waiting: [(any ParsableCommand.Type, [String])] = [(Thaw.self, [])]
        var seen = 0
        while let (command, words) = waiting.popLast() {
            let own = command.configuration.subcommands
            for next in own { waiting.append((next, words + [next._commandName])) }
            guard own.isEmpty,
                Thaw.helpMessage(for: command).contains("THAW_STATE_DIR") || command == DoctorCommand.self
            else { continue }
            let all = (command as? any ConfiguredCommand.Type)?.takesServerOptions == true
            let expected = (all ? ["--port=9001"] : []) + ["--state-dir=/srv/file"]
            #expect(try complete(words) == words + expected, "\(words)")
            seen += 1
        }
        #expect(seen >= 11)
    }

    @Test("a command that has nothing to do with it, and a question about one, need no sound file")
    func untouched() throws {
        for given in [[], ["slots", "list"], ["serve", "--help"], ["--version"], ["help", "serve"], ["nonsense"]] {
            #expect(try complete(given, file: "nonsense") == given)
        }
        #expect(throws: ConfigurationError.self) { try complete(["logs", "hello"], file: "nonsense") }
    }

    @Test("a file that is named must be there")
    func missing() {
        let error = #expect(throws: ConfigurationError.self) {
            try Arguments(environment: [:], standard: "/nowhere").complete(["serve", "--config", "/nowhere/x"])
        }
        #expect(error?.description.contains("/nowhere/x") == true)
        #expect(throws: Never.self) { try Arguments(environment: [:], standard: "/nowhere").complete(["serve"]) }
    }
}
