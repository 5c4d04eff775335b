import HTTPTypes
import HummingbirdTesting
import Logging
import SystemPackage
import TestSupport
import Testing
import Worker

/// CloudWatch Logs' actions over the files that a worker writes.
@Suite struct LogsRouteTests {
    private static let group = "/aws/lambda/f"
    private static let streams = ["2026/11/30/[1]aa", "2026/11/30/[$LATEST]bb", "2026/12/01/[2]cc"]

    /// `f` has ten events in each of three streams, a second apart, `g` has one.
    /// - Parameter group: that of both functions, where they have chosen one.
    private func withLogs(
        group: String? = nil, _ body: (_ send: (String, String) async throws -> TestResponse) async throws -> Void
    ) async throws {
        try await withScratchDirectory { directory in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let files = LogFiles(directory: directory, logger: logger)
            for (number, stream) in Self.streams.enumerated() {
                let day = stream.prefix(10).replacing("/", with: "-")
                for second in 0..<10 {
                    let line = "\(day)T00:00:0\(second).00\(number)Z\tevent \(second) of \(number)\n"
                    files.append(Array(line.utf8), to: files.file(function: "f", stream: stream))
                }
            }
            files.append(
                Array("2026-11-30T00:00:00.000Z\tSTART RequestId: 1\n\tgoes on\n\t\tindented\n".utf8),
                to: files.file(function: "g", stream: "2026/11/30/[3]dd"))
            let tester = APITester(FakeLambdaService(logs: LogArchive(files: files) { _ in group }))
            try await body { action, members in
                try await tester.send(
                    .post, "/",
                    headers: [Self.target: "Logs_20140328.\(action)", .contentType: "application/x-amz-json-1.1"],
                    body: members)
            }
            await files.stop()
        }
    }

    private static let target = HTTPField.Name("X-Amz-Target") ?? .accept

    @Test("groups are those of functions that have logged")
    func groups() async throws {
        try await withLogs { send in
            let answer = try await send("DescribeLogGroups", "{}")
            #expect(answer.status == .ok)
            #expect(answer.header("Content-Type") == "application/x-amz-json-1.1")
            let text = try #require(try answer.json["logGroups"]?.text)
            #expect(text.contains("arn: arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/f:*"))
            #expect(text.contains("logGroupName: /aws/lambda/g"))
            let first = try await send("DescribeLogGroups", #"{"limit": 1}"#).json
            #expect(first["logGroups"]?.text.contains("lambda/g") == false)
            let token = try #require(first["nextToken"]?.text)
            let second = try await send("DescribeLogGroups", #"{"limit": 1, "nextToken": "\#(token)"}"#).json
            #expect(second["logGroups"]?.text.contains("lambda/g") == true && second["nextToken"] == nil)
            let none = try await send("DescribeLogGroups", #"{"logGroupNamePrefix": "/aws/other"}"#).json
            #expect(none["logGroups"] == "[]")
        }
    }

    @Test("a group that functions have chosen has the streams of all of them, and their own groups are none")
    func chosen() async throws {
        try await withLogs(group: "shared") { send in
            let groups = try await send("DescribeLogGroups", "{}").json
            #expect(groups["logGroups"]?.text.split(separator: "logGroupName: ").count == 2)
            let events = try await send("FilterLogEvents", #"{"logGroupName": "shared"}"#).json
            #expect(events["events"]?.text.split(separator: "eventId").count == 32)
            let own = try await send("FilterLogEvents", #"{"logGroupName": "\#(Self.group)"}"#).json
            #expect(own["__type"] == "ResourceNotFoundException")
        }
    }

    @Test("an event of several lines is one")
    func lines() async throws {
        try await withLogs { send in
            let events = try await send("FilterLogEvents", #"{"logGroupName": "/aws/lambda/g"}"#).json
            #expect(events["events"]?.text.split(separator: "eventId").count == 2)
            #expect(events["events"]?.text.contains("message: START RequestId: 1\ngoes on\n\tindented\n,") == true)
        }
    }

    @Test("streams are given by name or by their last event")
    func streams() async throws {
        try await withLogs { send in
            let byName = try await send("DescribeLogStreams", #"{"logGroupName": "\#(Self.group)"}"#).json
            let text = try #require(byName["logStreams"]?.text)
            #expect(text.contains("firstEventTimestamp: 1795996800001, lastEventTimestamp: 1795996809001") == true)
            let latest = try await send(
                "DescribeLogStreams",
                #"{"logGroupName": "\#(Self.group)", "orderBy": "LogStreamName", "descending": true, "limit": 1}"#)
            #expect(try latest.json["logStreams"]?.text.contains("[2]cc") == true)
            let missing = try await send("DescribeLogStreams", #"{"logGroupName": "/aws/lambda/none"}"#)
            #expect(missing.status == .badRequest)
            #expect(try missing.json["__type"] == "ResourceNotFoundException")
            #expect(try missing.json["message"] == "The specified log group does not exist.")
            let both = try await send(
                "DescribeLogStreams",
                #"{"logGroupName": "\#(Self.group)", "orderBy": "LastEventTime", "logStreamNamePrefix": "2"}"#)
            #expect(try both.json["__type"] == "InvalidParameterException")
        }
    }

    @Test("a stream is read forwards and backwards, and its tokens lead on")
    func events() async throws {
        try await withLogs { send in
            func get(_ more: String) async throws -> [String: JSONText] {
                try await send(
                    "GetLogEvents", #"{"logGroupName": "\#(Self.group)", "logStreamName": "2026/11/30/[1]aa"\#(more)}"#
                ).json
            }
            let all = try await get("")
            #expect(all["events"]?.text.contains("message: event 9 of 0\n") == true)
            let head = try await get(#", "limit": 3, "startFromHead": true"#)
            #expect(head["events"]?.text.contains("event 2 of 0") == true)
            #expect(head["events"]?.text.contains("event 3 of 0") == false)
            let forward = try #require(head["nextForwardToken"]?.text)
            let next = try await get(#", "limit": 3, "nextToken": "\#(forward)""#)
            #expect(next["events"]?.text.contains("event 3 of 0") == true)
            #expect(next["events"]?.text.contains("event 2 of 0") == false)
            let backward = try #require(next["nextBackwardToken"]?.text)
            let before = try await get(#", "limit": 2, "nextToken": "\#(backward)""#)
            #expect(before["events"]?.text.contains("event 2 of 0") == true)
            #expect(before["events"]?.text.contains("event 0 of 0") == false)
            // At the end the token stays.
            let end = try #require(all["nextForwardToken"]?.text)
            let rest = try await get(#", "nextToken": "\#(end)""#)
            #expect(rest["events"] == "[]" && rest["nextForwardToken"]?.text == end)
            #expect(try await get(#", "nextToken": "x""#)["__type"] == "InvalidParameterException")
        }
    }

    @Test("all streams of a group are searched in the order of time, page by page")
    func search() async throws {
        try await withLogs { send in
            var (seen, token) = ([String](), String?.none)
            repeat {
                let more = token.map { #", "nextToken": "\#($0)""# } ?? ""
                let page = try await send(
                    "FilterLogEvents", #"{"logGroupName": "\#(Self.group)", "interleaved": true, "limit": 7\#(more)}"#
                ).json
                let text = try #require(page["events"]?.text)
                seen += text.split(separator: "message: ").dropFirst().map { String($0.prefix { $0 != "\n" }) }
                token = page["nextToken"]?.text
            } while token != nil
            #expect(seen.count == 30 && Set(seen).count == 30)
            // The first two streams are of one day, a millisecond apart.
            #expect(Array(seen.prefix(4)) == ["event 0 of 0", "event 0 of 1", "event 1 of 0", "event 1 of 1"])
            #expect(seen.last == "event 9 of 2")
        }
    }

    @Test(
        "a search is limited by time, stream and pattern",
        arguments: [
            (#""startTime": 1795996809000, "endTime": 1795996809001"#, 1),
            (#""startTime": 1795996809001"#, 11), (#""endTime": 1795996801000"#, 2),
            (#""logStreamNames": ["2026/12/01/[2]cc"]"#, 10), (#""logStreamNamePrefix": "2026/11""#, 20),
            (#""filterPattern": "event 3""#, 3), (#""filterPattern": "\"event 3 of\" -1""#, 2),
            (#""filterPattern": "?3 ?4""#, 6), (#""filterPattern": "Event""#, 0),
        ] as [(String, Int)])
    func limits(members: String, count: Int) async throws {
        try await withLogs { send in
            let page = try await send("FilterLogEvents", #"{"logGroupName": "\#(Self.group)", \#(members)}"#).json
            #expect(page["events"]?.text.split(separator: "eventId").count == count + 1)
        }
    }

    @Test(
        "bad members are refused in CloudWatch's words",
        arguments: [
            ("FilterLogEvents", #"{"logGroupName": "a b"}"#, #"Value 'a b' at 'logGroupName' failed to satisfy"#),
            ("FilterLogEvents", #"{}"#, "Value null at 'logGroupName'"),
            ("FilterLogEvents", #"{"logGroupName": "/aws/lambda/f", "limit": 10001}"#, "less than or equal to 10000"),
            ("FilterLogEvents", #"{"logGroupName": "/aws/lambda/f", "nextToken": "?"}"#, "nextToken is invalid"),
            (
                "FilterLogEvents", #"{"logGroupName": "/aws/lambda/f", "filterPattern": "{ $.a = 1 }"}"#,
                "filter pattern"
            ),
            ("DescribeLogStreams", #"{"logGroupName": "/aws/lambda/f", "orderBy": "x"}"#, "enum value set"),
            ("GetLogEvents", #"{"logGroupName": "/aws/lambda/f"}"#, "logStreamName"),
            ("DescribeLogGroups", "[]", "Structure"), ("DescribeLogGroups", "{", "JSON"),
        ])
    func refusals(action: String, members: String, words: String) async throws {
        try await withLogs { send in
            let answer = try await send(action, members)
            #expect(answer.status == .badRequest)
            #expect(try answer.json["__type"] == "InvalidParameterException")
            #expect(try answer.json["message"]?.text.contains(words) == true, "\(answer.text)")
        }
    }

    @Test(
        "names that lead elsewhere are no groups",
        arguments: ["/aws/lambda/..", "/aws/lambda/", "f", "/aws/lambda/g/.."])
    func elsewhere(name: String) async throws {
        try await withLogs { send in
            let answer = try await send("FilterLogEvents", #"{"logGroupName": "\#(name)"}"#)
            #expect(try answer.json["__type"] == "ResourceNotFoundException")
        }
    }

    @Test("other actions are not known")
    func unknown() async throws {
        try await withLogs { send in
            let answer = try await send("StartLiveTail", "{}")
            #expect(try answer.json["__type"] == "UnknownOperationException")
        }
    }
}
