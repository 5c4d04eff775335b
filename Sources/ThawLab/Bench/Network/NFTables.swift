import Glibc
import LinuxKit
import SystemPackage

/// nft(8) of the package nftables: how packets were filtered and translated before. For comparisons.
enum NFTables {
    struct Failure: Error, CustomStringConvertible {
        let reason: String
        var description: String { "nft: \(reason)" }
    }

    private static let program = FilePath("/usr/sbin/nft")

    /// Loads a file of rules into the namespace's tables. Blocks.
    static func load(_ rules: String, in namespace: SharedDescriptor) throws {
        _ = try run(["-f", "-"], input: rules, in: namespace)
    }

    /// Rules there are in the namespace. Blocks.
    static func countRules(in namespace: SharedDescriptor) throws -> Int {
        let listing = try run(["-a", "list", "ruleset"], in: namespace)
        return listing.split(separator: "\n").count { $0.contains(" # handle ") && !$0.contains("{") }
    }

    private static func run(
        _ arguments: [String], input: String = "", in namespace: SharedDescriptor
    ) throws -> String {
        let standardInput = try OwnedDescriptor.memoryFile(named: "rules")
        try standardInput.writeAll(input.utf8)
        let output = try OwnedDescriptor.memoryFile(named: "output")
        for file in [try standardInput.duplicate().shared(), try output.duplicate().shared()] { try rewind(file) }
        var plan = SpawnPlan(executable: program, arguments: ["nft"] + arguments)
        plan.birthplace.network = namespace
        let written = output.shared()
        plan.descriptors = [0: standardInput.shared(), 1: written, 2: written]
        let exit = try plan.spawn().waitBlocking()
        try rewind(written)
        let text = String(decoding: try written.descriptor.readAll(limit: 1 << 28), as: UTF8.self)
        guard exit?.reason == .exited(status: 0) else {
            throw Failure(
                reason: text.isEmpty ? "\(exit.map { "\($0.reason)" } ?? "no end")" : String(text.prefix(500)))
        }
        return text
    }

    private static func rewind(_ file: SharedDescriptor) throws(Errno) {
        try file.withRaw { raw throws(Errno) in _ = try syscall { lseek(raw, 0, SEEK_SET) } }
    }
}
