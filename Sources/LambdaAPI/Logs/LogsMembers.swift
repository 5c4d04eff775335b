import FunctionModel
import Worker

/// The bodies of the actions, and their answers. Members are named as CloudWatch names them.
struct DescribeGroups: Decodable {
    var logGroupNamePrefix: String?
    var logGroupNamePattern: String?
    var logGroupClass: String?
    var nextToken: String?
    var limit: Int?

    struct Answer: Encodable {
        var logGroups: [LogGroupShape]
        var nextToken: String?
    }

    func check() throws {
        try LogsCheck.of { check in
            check.group(logGroupNamePrefix, at: "logGroupNamePrefix")
            check.limit(limit, 1...50)
            check.oneOf(logGroupClass, at: "logGroupClass", ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"])
        }
    }
}

struct DescribeStreams: Decodable {
    var logGroupName: String?
    var logGroupIdentifier: String?
    var logStreamNamePrefix: String?
    var orderBy: String?
    var descending: Bool?
    var nextToken: String?
    var limit: Int?

    struct Answer: Encodable {
        var logStreams: [LogStreamShape]
        var nextToken: String?
    }

    func check() throws {
        try LogsCheck.of { check in
            check.group(logGroupName, at: "logGroupName")
            check.stream(logStreamNamePrefix, at: "logStreamNamePrefix")
            check.oneOf(orderBy, at: "orderBy", ["LogStreamName", "LastEventTime"])
            check.limit(limit, 1...50)
        }
    }
}

struct GetEvents: Decodable {
    var logGroupName: String?
    var logGroupIdentifier: String?
    var logStreamName: String?
    var startTime: Int64?
    var endTime: Int64?
    var nextToken: String?
    var limit: Int?
    var startFromHead: Bool?

    struct Answer: Encodable {
        var events: [OutputEventShape]
        var nextForwardToken: String
        var nextBackwardToken: String
    }

    func check() throws {
        try LogsCheck.of { check in
            check.group(logGroupName, at: "logGroupName")
            check.stream(logStreamName, at: "logStreamName")
            check.time(startTime, at: "startTime")
            check.time(endTime, at: "endTime")
            check.limit(limit, 1...10_000)
        }
    }
}

struct FilterEvents: Decodable {
    var logGroupName: String?
    var logGroupIdentifier: String?
    var logStreamNames: [String]?
    var logStreamNamePrefix: String?
    var startTime: Int64?
    var endTime: Int64?
    var filterPattern: String?
    var nextToken: String?
    var limit: Int?

    struct Answer: Encodable {
        var events: [FilteredEventShape]
        /// CloudWatch leaves it empty since 2019.
        let searchedLogStreams: [String] = []
        var nextToken: String?
    }

    func check() throws {
        try LogsCheck.of { check in
            check.group(logGroupName, at: "logGroupName")
            check.stream(logStreamNamePrefix, at: "logStreamNamePrefix")
            check.length(filterPattern, at: "filterPattern", 0...1024)
            check.time(startTime, at: "startTime")
            check.time(endTime, at: "endTime")
            check.limit(limit, 1...10_000)
        }
    }
}

/// CloudWatch's constraints, in its words.
struct LogsCheck {
    private var violations = ConstraintViolations()

    static func of(_ checks: (inout LogsCheck) -> Void) throws {
        var check = LogsCheck()
        checks(&check)
        try check.violations.throwIfAny()
    }

    mutating func length(_ value: String?, at path: String, _ range: ClosedRange<Int>) {
        guard let value else { return }
        if value.utf8.count < range.lowerBound { violations.add(value, at: path, .lengthAtLeast(range.lowerBound)) }
        if value.utf8.count > range.upperBound { violations.add(value, at: path, .lengthAtMost(range.upperBound)) }
    }

    mutating func group(_ name: String?, at path: String) {
        length(name, at: path, 1...512)
        let isFit = name?.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: ".-_/#".utf8.contains($0)
            }
        }
        if let name, isFit == false { violations.add(name, at: path, .pattern(#"[\.\-_/#A-Za-z0-9]+"#)) }
    }

    mutating func stream(_ name: String?, at path: String) {
        length(name, at: path, 1...512)
        if let name, name.contains(":") || name.contains("*") { violations.add(name, at: path, .pattern("[^:*]*")) }
    }

    mutating func limit(_ value: Int?, _ range: ClosedRange<Int>) {
        if let value { violations.checkRange(value, at: "limit", range) }
    }

    mutating func time(_ value: Int64?, at path: String) {
        if let value, value < 0 { violations.add(String(value), at: path, .valueAtLeast(0)) }
    }

    mutating func oneOf(_ value: String?, at path: String, _ values: [String]) {
        if let value, !values.contains(value) { violations.add(value, at: path, .oneOf(values)) }
    }
}

struct LogGroupShape: Encodable {
    let logGroupName: String
    let creationTime: Int64
    let metricFilterCount = 0
    let arn: String
    let storedBytes: Int64
    let logGroupClass = "STANDARD"
    let logGroupArn: String

    init(_ group: LogGroupSummary, arn: String) {
        logGroupName = group.name
        creationTime = group.created
        self.arn = "\(arn):*"
        storedBytes = group.bytes
        logGroupArn = arn
    }
}

struct LogStreamShape: Encodable {
    let logStreamName: String
    let creationTime: Int64
    let firstEventTimestamp: Int64?
    let lastEventTimestamp: Int64?
    let lastIngestionTime: Int64
    let arn: String
    let storedBytes = 0

    init(_ stream: LogStreamSummary, _ ends: ClosedRange<Int64>?, arn: String) {
        logStreamName = stream.name
        creationTime = ends?.lowerBound ?? stream.modified
        firstEventTimestamp = ends?.lowerBound
        lastEventTimestamp = ends?.upperBound
        lastIngestionTime = stream.modified
        self.arn = arn
    }
}

struct OutputEventShape: Encodable {
    let timestamp: Int64
    let message: String
    let ingestionTime: Int64

    init(_ event: LogEvent) {
        timestamp = event.time
        // As Lambda sends them there.
        message = "\(event.text)\n"
        ingestionTime = event.time
    }
}

struct FilteredEventShape: Encodable {
    let logStreamName: String
    let timestamp: Int64
    let message: String
    let ingestionTime: Int64
    /// 56 digits, the same each time: clients that follow a log know by it what they have shown.
    let eventId: String

    init(_ event: LogEvent) {
        logStreamName = event.stream
        timestamp = event.time
        message = "\(event.text)\n"
        ingestionTime = event.time
        // FNV-1a, which unlike Swift's own hashes is the same in every process.
        let hash = event.stream.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        eventId =
            Self.padded(UInt64(clamping: event.time), 18) + Self.padded(hash % 1_000_000_000_000_000_000, 18)
            + Self.padded(UInt64(clamping: event.position), 20)
    }

    private static func padded(_ number: UInt64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
