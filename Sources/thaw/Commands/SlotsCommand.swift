import ArgumentParser
import Foundation
import Glibc
import SlotNetwork

struct SlotsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slots",
        abstract: "Look at the network slots of this host's servers, and clean up after dead ones.",
        subcommands: [SlotsListCommand.self, SlotsShowCommand.self, SlotsWatchCommand.self, SlotsCleanCommand.self])
}

/// Which server's slots are meant.
struct SlotsOfServer: ParsableArguments {
    @Option(help: "Only those of the server with this instance name, as `thaw slots list` shows it.")
    var instance: String?

    func servers() throws -> [SlotInspection] {
        guard geteuid() == 0 else { throw ServerError.notRoot }
        return try SlotInspection.all().filter { instance == nil || $0.instance == instance }
    }
}

struct SlotsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List slots: their state, and what those in use are bound to.",
        discussion: "Without --all only slots that are not free.")

    @OptionGroup var server: SlotsOfServer
    @Flag(help: "The free ones, too.") var all = false
    @Flag(help: "One JSON object a line.") var json = false

    @concurrent
    func run() async throws {
        var table = Table(
            ["INSTANCE", "SLOT", "STATE", "FOR", "MODE", "ADDRESS", "VNI", "SENT", "RECEIVED", "DROPPED"],
            alignRight: [1, 7, 8, 9])
        for server in try server.servers() {
            for slot in try server.slots() where all || slot.state != .free {
                let row = SlotRow(server.instance, slot)
                if json { print(try JSONLine.text(row)) } else { table.add(row.cells) }
            }
        }
        if !json { print(table.text) }
    }
}

struct SlotsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a server's slots as a whole, or one of them.")

    @OptionGroup var server: SlotsOfServer
    @Argument(help: "The number of a slot.") var slot: Int?

    @concurrent
    func run() async throws {
        let servers = try server.servers()
        if servers.isEmpty { print("No server on this host has network slots.") }
        for server in servers {
            if let slot {
                guard let view = try server.slot(slot) else {
                    throw ValidationError("\(server.instance) has \(server.count) slots; there is no slot \(slot)")
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
            for server in try server.servers() { print("\(server.instance)  \(SlotText.states(try server.slots()))") }
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
        let (cleaned, running) = try SlotCleaning.clean { instance, done, of in
            if done % 100 == 0 || done == of { progress("\(instance): \(done) of \(of)") }
        }
        if cleaned.isEmpty, running.isEmpty { print("There is nothing to clean.") }
        for instance in cleaned { print("\(instance): cleaned") }
        for instance in running { print("\(instance): its server runs, left alone") }
    }
}
