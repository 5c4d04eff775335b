internal import LinuxKit
package import Logging

/// A line of JSON for each line of the log: `time`, `level`, `message`, then the line's metadata as members of their own.
package struct JSONLogHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let now: @Sendable () -> UInt64
    private let write: @Sendable ([UInt8]) -> Void

    /// - Parameters:
    ///   - now: nanoseconds since 1970.
    ///   - write: takes one line with its end, whole.
    package init(
        metadataProvider: Logger.MetadataProvider?, now: @escaping @Sendable () -> UInt64 = { WallClock.now() },
        write: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.metadataProvider = metadataProvider
        self.now = now
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        var members: [(name: String, value: JSONText.Value)] = [
            ("time", .string(Timestamp(nanoseconds: now()).iso8601)), ("level", .string(event.level.rawValue)),
            ("message", .string("\(event.message)")),
        ]
        for (name, value) in all.sorted(by: { $0.key < $1.key }) {
            // A member that is there already would make readers take either.
            members.append((Self.own.contains(name) ? "\(name)_" : name, Self.json(value)))
        }
        var line = JSONText.object(members)
        line.append(UInt8(ascii: "\n"))
        write(line)
    }

    private static let own: Set<String> = ["time", "level", "message"]

    private static func json(_ value: Logger.Metadata.Value) -> JSONText.Value {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let it): .string("\(it)")
        case .array(let items): .list(items.map(json))
        case .dictionary(let members): .object(members.sorted { $0.key < $1.key }.map { ($0.key, json($0.value)) })
        }
    }
}
