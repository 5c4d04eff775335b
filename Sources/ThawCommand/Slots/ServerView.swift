import Foundation
import LambdaAPI
import ServerAssembly
import SlotNetwork

/// A server as the commands beside it see it: its slots, what it says about itself, and what it answers when it is asked.
struct ServerView: Sendable {
    let slots: SlotInspection
    /// Nil when it has not said anything yet.
    let record: ServerRecord?
    /// What runs in slots, as NAME:VERSION.
    let functions: [Int: String]

    static func look(at slots: SlotInspection) async -> ServerView {
        let record = ServerRecord.read(slots.instance)
        // A server that is busy or stopping does not answer: its slots are shown all the same.
        let answer =
            if let record, record.isRunning { try? await ask(record, slots.instance) } else { SandboxList?.none }
        let named = (answer?.sandboxes ?? []).compactMap { sandbox in
            sandbox.slot.map { ($0, "\(sandbox.functionName):\(sandbox.version)") }
        }
        return ServerView(
            slots: slots, record: record, functions: Dictionary(named, uniquingKeysWith: { first, _ in first }))
    }

    private static func ask(_ record: ServerRecord, _ instance: String) async throws -> SandboxList {
        let request = ServerRequest(
            scheme: record.scheme, host: record.host, port: record.port, signer: LocalKey.read(instance)?.signer)
        let body = try await request.get("/_thaw/sandboxes")
        return try JSONDecoder().decode(SandboxList.self, from: Data(body))
    }
}
