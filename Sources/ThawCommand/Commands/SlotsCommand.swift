import ArgumentParser
import Foundation
import Glibc
import ServerAssembly
import SlotNetwork
import Terminal

struct SlotsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slots",
        abstract: "Look at the network slots of this host's servers, and clean up after dead ones.",
        subcommands: [SlotsListCommand.self, SlotsShowCommand.self, SlotsWatchCommand.self, SlotsCleanCommand.self])
}

/// Which server's slots are meant.
struct SlotsOfServer: ParsableArguments {
    @Option(name: .customLong("state-dir"), help: "Only those of the server with this state directory.")
    var stateDirectory: String?

    func servers() throws -> [SlotInspection] {
        guard geteuid() == 0 else { throw ServerError.notRoot }
        let instance = stateDirectory.map { StateDirectory($0).instance }
        return try SlotInspection.all().filter { instance == nil || $0.instance == instance }
    }

    /// The same with what the servers themselves say.
    func views() async throws -> [ServerView] {
        var views: [ServerView] = []
        for slots in try servers() { views.append(await ServerView.look(at: slots)) }
        return views
    }
}

struct SlotsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List slots: their state, and what those in use are bound to.",
        discussion: """
            Without --all only slots that are not free. A claimed slot without a function is one for a publish, or for a \
            sandbox that is prepared ahead.
            """)

    @OptionGroup var server: SlotsOfServer
    @Flag(help: "The free ones, too.") var all = false
    @Flag(help: "One JSON object a line.") var json = false

    @concurrent
    func run() async throws {
        let views = try await server.views()
        if views.isEmpty, !json { print(SlotText.none) }
        for view in views {
            let rows = try view.slots.slots().filter { all || $0.state != .free }.map { SlotRow(view, $0) }
            if json {
                for row in rows { print(try JSONLine.text(row)) }
                continue
            }
            var table = Table(SlotRow.header, alignRight: SlotRow.numbers)
            for row in rows { table.add(row.cells) }
            let free = rows.isEmpty ? "all \(view.slots.count) slots are free" : table.text
            print("\(SlotText.name(view))\n\(free)")
        }
    }
}

struct SlotsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a server's slots as a whole, or one of them.")

    @OptionGroup var server: SlotsOfServer
    @Argument(help: "The number of a slot.") var slot: Int?

    @concurrent
    func run() async throws {
        let servers = try await server.views()
        if servers.isEmpty { print(SlotText.none) }
        for server in servers {
            if let slot {
                guard let view = try server.slots.slot(slot) else {
                    throw ValidationError("there is no slot \(slot): this server has \(server.slots.count)")
                }
                print(SlotText.describe(view, of: server))
            } else {
                print(try SlotText.describe(server))
            }
        }
    }
}

struct SlotsWatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Show the numbers of slots in each state, a line a second, until it is ended.")

    @OptionGroup var server: SlotsOfServer
    @Option(help: "Lines to show; without it there is no end.") var count: Int?

    @concurrent
    func run() async throws {
        var shown = 0
        while count.map({ shown < $0 }) ?? true {
            if shown > 0 { try await Task.sleep(for: .seconds(1)) }
            for server in try server.servers() {
                let name = ServerRecord.read(server.instance)?.stateDirectory ?? server.instance
                print("\(name)  \(SlotText.states(try server.slots()))")
            }
            fflush(nil)
            shown += 1
        }
    }
}

struct SlotsCleanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean", abstract: "Take away the slots of servers that do not run.",
        discussion:
            "Slots of a running server are left alone. Takes some 3 ms a slot, 20 ms in layout bridged; nobody else has to wait for it."
    )

    @concurrent
    func run() async throws {
        guard geteuid() == 0 else { throw ServerError.notRoot }
        let progress = Progress.report("slots")
        let records = ServerRecord.all()
        func about(_ instance: String) -> String { records[instance].map { " (\($0.stateDirectory))" } ?? "" }
        let (cleaned, running) = try SlotCleaning.clean { instance, done, of in
            if done % 100 == 0 || done == of { progress("\(instance): \(done) of \(of)") }
        }
        if cleaned.isEmpty, running.isEmpty { print("There is nothing to clean.") }
        for instance in cleaned { print("\(instance): cleaned\(about(instance))") }
        for instance in running { print("\(instance): its server runs, left alone\(about(instance))") }
    }
}
