import Foundation
import Glibc
import LinuxKit
import SlotNetwork
import SystemPackage

/// What a running server says about itself to the commands beside it. It lies with the slots, and goes when they go.
package struct ServerRecord: Codable, Sendable, Equatable {
    package var stateDirectory: String
    /// `http` or `https`.
    package var scheme: String
    package var address: String
    package var port: Int
    package var isolation: String
    package var process: Int32
    /// When the process started, in ticks since the boot: another one may get its number.
    package var started: UInt64

    package init(
        stateDirectory: FilePath, scheme: String = "http", address: String, port: Int, isolation: String
    ) {
        self.stateDirectory = stateDirectory.string
        self.scheme = scheme
        self.address = address
        self.port = port
        self.isolation = isolation
        process = getpid()
        started = Self.start(of: getpid()) ?? 0
    }

    /// Where a client on this host reaches it.
    package var url: String { "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// The address in it.
    package var host: String {
        switch address {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: address
        }
    }

    /// Whether the server that said it still runs.
    package var isRunning: Bool { Self.start(of: process) == started }

    /// What the server of this instance that runs, or ran last, said; nil when it said nothing.
    package static func read(_ instance: String) -> ServerRecord? {
        guard let bytes = try? SmallFile.bytes(file(of: instance), limit: 65_536) else { return nil }
        return try? JSONDecoder().decode(ServerRecord.self, from: Data(bytes))
    }

    /// Those of all servers that run, or left slots, by instance.
    package static func all() -> [String: ServerRecord] {
        let instances = (try? Directory.entries(SlotConfiguration.directories)) ?? []
        return instances.reduce(into: [:]) { $0[$1] = read($1) }
    }

    func write(_ instance: String) throws {
        try DurableFile.write(try JSONEncoder().encode(self), to: Self.file(of: instance))
    }

    private static func file(of instance: String) -> FilePath {
        SlotConfiguration.directory(ofInstance: instance).appending("server.json")
    }

    /// Field 22 of proc_pid_stat(5); the name in field 2 may hold anything.
    private static func start(of process: Int32) -> UInt64? {
        guard let text = try? SmallFile.text(FilePath("/proc/\(process)/stat")), let end = text.lastIndex(of: ")")
        else {
            return nil
        }
        let fields = text[end...].split(separator: " ")
        return fields.count > 20 ? UInt64(fields[20]) : nil
    }
}
