package import FunctionModel

/// What clients read of functions' logs. A log group belongs to one function, a stream to one sandbox.
package protocol LogReading: Sendable {
    /// The groups there are, by name.
    func logGroups() async throws(LambdaError) -> [LogGroupSummary]

    /// The streams of a group, by name; nil when there is no such group.
    func logStreams(of group: String) async throws(LambdaError) -> [LogStreamSummary]?

    /// When the first and the last event of a stream were written, in milliseconds since 1970.
    func ends(of stream: LogStreamSummary) async throws(LambdaError) -> ClosedRange<Int64>?

    /// Events of one stream, in their order; nil when there is no such group or stream.
    func logEvents(_ query: LogStreamQuery) async throws(LambdaError) -> LogStreamPage?

    /// Events of all streams of a group, by their time; nil when there is no such group.
    func searchLogs(_ search: LogSearch) async throws(LambdaError) -> LogSearchPage?
}

package struct LogGroupSummary: Sendable, Equatable {
    package var name: String
    /// Milliseconds since 1970.
    package var created: Int64
    package var bytes: Int64

    package init(name: String, created: Int64, bytes: Int64) {
        self.name = name
        self.created = created
        self.bytes = bytes
    }
}

package struct LogStreamSummary: Sendable, Equatable {
    package var group: String
    package var name: String
    /// When something was written last; milliseconds since 1970.
    package var modified: Int64

    package init(group: String, name: String, modified: Int64) {
        self.group = group
        self.name = name
        self.modified = modified
    }
}

package struct LogEvent: Sendable, Equatable {
    package var stream: String
    /// Milliseconds since 1970.
    package var time: Int64
    /// Where it stands in its stream.
    package var position: Int64
    package var text: String

    package init(stream: String, time: Int64, position: Int64, text: String) {
        self.stream = stream
        self.time = time
        self.position = position
        self.text = text
    }
}

/// A part of one stream.
package struct LogStreamQuery: Sendable {
    package enum Direction: Sendable, Equatable {
        /// The first events at or after a position.
        case forward(from: Int64)
        /// The last events before a position.
        case backward(before: Int64)
    }

    package var group: String
    package var stream: String
    /// Milliseconds since 1970; the end is not in it.
    package var times: Range<Int64>
    package var direction: Direction
    package var limit: Int

    package init(group: String, stream: String, times: Range<Int64>, direction: Direction, limit: Int) {
        self.group = group
        self.stream = stream
        self.times = times
        self.direction = direction
        self.limit = limit
    }
}

package struct LogStreamPage: Sendable, Equatable {
    package var events: [LogEvent]
    /// Where the events before these end, and where those after them begin.
    package var positions: (before: Int64, after: Int64)

    package init(events: [LogEvent], positions: (before: Int64, after: Int64)) {
        self.events = events
        self.positions = positions
    }

    package static func == (one: Self, other: Self) -> Bool {
        one.events == other.events && one.positions == other.positions
    }
}

/// A part of all streams of a group.
package struct LogSearch: Sendable {
    package enum Streams: Sendable {
        case all
        case named(Set<String>)
        case beginning(with: String)

        package func contains(_ name: String) -> Bool {
            switch self {
            case .all: true
            case .named(let names): names.contains(name)
            case .beginning(let prefix): name.hasPrefix(prefix)
            }
        }
    }

    package var group: String
    package var streams: Streams
    /// Milliseconds since 1970; the end is not in it.
    package var times: Range<Int64>
    /// The last event of the page before.
    package var after: LogCursor?
    package var limit: Int
    package var matches: @Sendable (_ text: String) -> Bool

    package init(
        group: String, streams: Streams, times: Range<Int64>, after: LogCursor?, limit: Int,
        matches: @escaping @Sendable (_ text: String) -> Bool
    ) {
        self.group = group
        self.streams = streams
        self.times = times
        self.after = after
        self.limit = limit
        self.matches = matches
    }
}

/// An event's place among all of its group.
package struct LogCursor: Sendable, Comparable {
    package var time: Int64
    package var stream: String
    package var position: Int64

    package init(time: Int64, stream: String, position: Int64) {
        self.time = time
        self.stream = stream
        self.position = position
    }

    package static func < (one: Self, other: Self) -> Bool {
        (one.time, one.stream, one.position) < (other.time, other.stream, other.position)
    }
}

package struct LogSearchPage: Sendable, Equatable {
    package var events: [LogEvent]
    package var hasMore: Bool

    package init(events: [LogEvent], hasMore: Bool) {
        self.events = events
        self.hasMore = hasMore
    }
}

extension LogEvent {
    package var cursor: LogCursor { LogCursor(time: time, stream: stream, position: position) }
}
