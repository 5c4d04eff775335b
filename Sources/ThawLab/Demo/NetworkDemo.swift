import Foundation
import FunctionModel
import LinuxKit
import NetworkModel
import ServerAssembly
import SlotNetwork

/// Clones of one snapshot in networks of their own: the same address inside, each another one outside, and every one reaches what
/// its function may reach and nothing else. Everything is checked.
struct NetworkDemo: Sendable {
    let server: MeasuredServer
    let isolation: Isolation
    /// Clones in each network, at once.
    let clones: Int
    let progress: @Sendable (String) -> Void

    /// A function in a network, as far as it has been looked at.
    struct Subject: Sendable {
        var network: NetworkChoice
        /// The only server that it reaches.
        var place: NetworkWorld.Place?
        var function: String
        var version = 0
        var answers: [NetworkProbe.Answer] = []
        var outside: [IPv4Address] = []
        var slots: [Int] = []
        /// Addresses of clones, its own among them, at which it reached nobody.
        var unreached = 0
    }

    struct Failure: Error, CustomStringConvertible {
        let network: NetworkChoice
        let what: String

        var description: String { "a clone in network \(network) \(what)" }
    }

    /// What virtual networks the server is to have.
    static func prepare(_ server: MeasuredServer) throws {
        let store = server.server.networks
        for network in NetworkWorld.networks {
            do { try store.delete(network.name) } catch {
                guard error.code == .notFound else { throw error }
            }
            try store.create(network)
        }
    }

    /// Throws on the first wrong answer.
    func run() async throws -> [Subject] {
        try await BlockingThread.run { [server] in try Self.prepare(server) }
        return isolation == .process ? try await runTogether() : try await runInTurn()
    }

    private static func subjects(_ function: (NetworkChoice) -> String) -> [Subject] {
        let networks: [(NetworkChoice, NetworkWorld.Place?)] =
            [(.egress, NetworkWorld.outside)]
            + NetworkWorld.networks.map { (.vpc($0.name), NetworkWorld.place(in: $0)) } + [(.isolated, nil)]
        return networks.map { Subject(network: $0, place: $1, function: function($0)) }
    }

    /// A function for each network, the clones of all of them alive at the same time.
    private func runTogether() async throws -> [Subject] {
        var subjects = Self.subjects { "network-\($0)".replacing(":", with: "-") }
        for index in subjects.indices {
            let (name, network) = (subjects[index].function, subjects[index].network)
            progress("publishing \(name)")
            subjects[index].version = try await publish(name, in: network)
        }
        for index in subjects.indices {
            progress("\(clones) clones of \(subjects[index].function) at once: what they reach")
            try await greet(&subjects[index])
        }
        let addresses = subjects.flatMap(\.outside)
        for index in subjects.indices {
            progress("the same clones of \(subjects[index].function): whether they reach others")
            try await look(for: addresses, &subjects[index])
        }
        await server.makeCold()
        for subject in subjects { try await server.delete(subject.function) }
        return subjects
    }

    /// One snapshot, thawed into one network after the other: where processors are emulated a publish takes half a minute.
    private func runInTurn() async throws -> [Subject] {
        let name = "network"
        var subjects = Self.subjects { _ in name }
        progress("publishing \(name)")
        let version = try await publish(name, in: .isolated)
        for index in subjects.indices {
            let network = subjects[index].network
            try await server.client.tag(name, [FunctionTags.networkKey: network.description])
            subjects[index].version = version
            progress("\(clones) clones in network \(network) at once: what they reach")
            try await greet(&subjects[index])
            progress("the same clones in network \(network): whether they reach others")
            try await look(for: subjects.flatMap(\.outside), &subjects[index])
            await server.makeCold()
        }
        try await server.delete(name)
        return subjects
    }

    private func publish(_ name: String, in network: NetworkChoice) async throws -> Int {
        let tags = [FunctionTags.networkKey: network.description]
        try await server.deploy(NetworkProbe.function(name: name, tags: tags))
        try await server.client.enableSnapStart(name)
        return try await server.client.publish(name)
    }

    // MARK: - The two rounds

    private static let servers = Set(
        [NetworkWorld.outside.text] + NetworkWorld.networks.map { NetworkWorld.place(in: $0).text }
    ).sorted()

    /// New clones ask every server there is.
    private func greet(_ subject: inout Subject) async throws {
        subject.answers = try await ask(subject, servers: Self.servers)
        for answer in subject.answers {
            guard answer.inside == SlotAddresses.guest.description else {
                throw Failure(network: subject.network, what: "knows itself by \(answer.inside)")
            }
            let wanted = Set([subject.place?.text].compactMap { $0 })
            guard Set(answer.reached.keys) == wanted else {
                throw Failure(
                    network: subject.network, what: "reached \(answer.reached), not \(wanted); \(answer.refused)")
            }
            if let place = subject.place { subject.outside.append(try Self.outside(answer, place, subject)) }
        }
        guard Set(subject.outside).count == subject.outside.count else {
            throw Failure(network: subject.network, what: "had another's address: \(subject.outside)")
        }
        subject.slots = try await boundSlots(subject)
    }

    /// The clone's address as the server that it is to reach saw it.
    private static func outside(
        _ answer: NetworkProbe.Answer, _ place: NetworkWorld.Place, _ subject: Subject
    ) throws -> IPv4Address {
        let said = answer.reached[place.text] ?? ""
        let words = said.split(separator: " ").map(String.init)
        guard words.count == 2, words[0] == place.name, let address = IPv4Address(words[1]) else {
            throw Failure(network: subject.network, what: "was told '\(said)', not by \(place.name)")
        }
        let range = NetworkWorld.networks.first { $0.name == place.name }?.addresses
        guard range?.contains(address) ?? SlotConfiguration.sharedAddressSpace.contains(address) else {
            throw Failure(network: subject.network, what: "was seen by \(place.name) as \(address)")
        }
        return address
    }

    /// The same clones look for themselves and for all others.
    private func look(for addresses: [IPv4Address], _ subject: inout Subject) async throws {
        let targets = Set(addresses).sorted().map { "\($0):\(NetworkProbe.port)" }
        // A clone that is still at work after its answer is not waited for: another would answer.
        await server.events.settle()
        let answers = try await ask(subject, clones: targets)
        guard Set(answers.map(\.clone)) == Set(subject.answers.map(\.clone)) else {
            throw Failure(network: subject.network, what: "was not there any more when it was asked again")
        }
        for answer in answers {
            guard answer.reached.isEmpty else {
                throw Failure(network: subject.network, what: "reached other clones: \(answer.reached.keys.sorted())")
            }
        }
        subject.unreached = targets.count
    }

    /// Asks as many clones at once as there are to be.
    private func ask(
        _ subject: Subject, servers: [String] = [], clones targets: [String] = []
    ) async throws -> [NetworkProbe.Answer] {
        let question = NetworkProbe.Question(
            servers: servers, clones: targets, patience: isolation == .microvm ? 3 : 1, hold: 0.5)
        let payload = Array(try JSONEncoder().encode(question))
        let answers = try await withThrowingTaskGroup(of: NetworkProbe.Answer.self) { group in
            for _ in 0..<clones {
                group.addTask { [client = server.client] in
                    let answer = try await client.invoke(subject.function, version: subject.version, payload: payload)
                    guard answer.functionError == nil else {
                        throw WrongAnswer(function: subject.function, answer: answer)
                    }
                    return try JSONDecoder().decode(NetworkProbe.Answer.self, from: Data(answer.payload))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        guard Set(answers.map(\.clone)).count == clones else {
            throw Failure(network: subject.network, what: "answered twice where \(clones) were asked at once")
        }
        return answers
    }

    // MARK: - The slots

    /// The slots that the kernel's maps say are bound to the network: those of the clones, with their addresses.
    private func boundSlots(_ subject: Subject) async throws -> [Int] {
        let instance = server.server.instance
        let views = try await BlockingThread.run { () throws(SlotError) in
            try SlotInspection.all().first { $0.instance == instance }?.slots() ?? []
        }
        let bound = views.filter { $0.state == .claimed && Self.isBound($0, to: subject.network) }
        let addresses = Set(bound.compactMap(\.address))
        let isRight =
            // What a server makes beside the clones, as ready ones, has no network either.
            subject.network == .isolated
            ? bound.count >= clones : bound.count == clones && addresses == Set(subject.outside.map(\.description))
        guard isRight else {
            throw Failure(
                network: subject.network, what: "has no slot of its own: \(bound.map(\.index)) are bound, \(addresses)")
        }
        return bound.map(\.index)
    }

    private static func isBound(_ slot: SlotInspection.View, to network: NetworkChoice) -> Bool {
        switch network {
        case .isolated: slot.mode == .isolated
        case .egress: slot.mode == .egress
        case .vpc(let name):
            slot.mode == .vpc && NetworkWorld.networks.contains { $0.name == name && $0.identifier == slot.network }
        }
    }
}
