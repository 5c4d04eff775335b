import Foundation
import Worker

/// A page of things that are in the order of their keys.
struct LogsPage<Item> {
    let items: [Item]
    let next: String?

    /// - Parameter token: the last key of the page before, as ``next`` gave it.
    init(
        _ all: [Item], limit: Int, token: String?, descending: Bool = false, key: (Item) -> String
    ) throws {
        var keyed = all.map { (key: key($0), item: $0) }.sorted { $0.key < $1.key }
        if descending { keyed.reverse() }
        if let token {
            guard let last = LogsToken.decoded(token) else { throw LogsError.invalidToken }
            keyed.removeAll { descending ? $0.key >= last : $0.key <= last }
        }
        let page = keyed.prefix(limit)
        items = page.map(\.item)
        next = page.count < keyed.count ? page.last.map { LogsToken.encoded($0.key) } : nil
    }
}

/// What says where the next page begins. Clients give it back as it is.
enum LogsToken {
    private static let width = 56

    static func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    static func decoded(_ token: String) -> String? {
        Data(base64Encoded: token).flatMap { String(data: $0, encoding: .utf8) }
    }

    static func digits(_ number: Int64) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 20 - text.count)) + text
    }

    // MARK: - Within one stream

    static func forward(_ position: Int64) -> String { "f/\(padded(position))" }
    static func backward(_ position: Int64) -> String { "b/\(padded(position))" }

    static func direction(_ token: String) -> LogStreamQuery.Direction? {
        guard token.count == width + 2, let position = Int64(token.dropFirst(2)), position >= 0 else { return nil }
        if token.hasPrefix("f/") { return .forward(from: position) }
        return token.hasPrefix("b/") ? .backward(before: position) : nil
    }

    private static func padded(_ position: Int64) -> String {
        let text = String(position)
        return String(repeating: "0", count: width - text.count) + text
    }

    // MARK: - Among all streams

    static func text(_ cursor: LogCursor) -> String { encoded("\(cursor.time) \(cursor.position) \(cursor.stream)") }

    static func cursor(_ token: String) -> LogCursor? {
        let words = decoded(token)?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count == 3, let time = Int64(words[0]), let position = Int64(words[1]) else { return nil }
        return LogCursor(time: time, stream: String(words[2]), position: position)
    }
}
