import Foundation
import FunctionModel
import Hummingbird
import Worker

/// What `aws logs` and `sam logs` ask of Amazon CloudWatch Logs to show functions' logs, over the port of the Lambda API: every
/// action of that service is a POST to `/` that names it in `X-Amz-Target`.
struct LogsRoute: RouteGroup {
    /// What `X-Amz-Target` begins with.
    static let service = "Logs_20140328."

    let logs: any LogReading
    let scope: AccountScope

    func add(to router: Router<Context>) { router.post("/", use: answer) }

    private func answer(_ request: Request, _ context: Context) async throws -> Response {
        var response: Response
        do {
            response = try await action(request)
        } catch let error as LogsError {
            response = Response(error)
        } catch let error as LambdaError where error.code.httpStatus < 500 {
            response = Response(.invalidParameter(error.message))
        }
        response.headers[.amznRequestID] = context.requestID
        return response
    }

    private func action(_ request: Request) async throws -> Response {
        // Whatever else comes here is a call of another service, and told so as if there were no route.
        guard let target = request.headers[.amznTarget], target.hasPrefix(Self.service) else {
            throw HTTPError(.notFound)
        }
        let name = String(target.dropFirst(Self.service.count))
        switch name {
        case "DescribeLogGroups": return try await describeGroups(request.members(DescribeGroups.self, operation: name))
        case "DescribeLogStreams":
            return try await describeStreams(request.members(DescribeStreams.self, operation: name))
        case "GetLogEvents": return try await getEvents(request.members(GetEvents.self, operation: name))
        case "FilterLogEvents": return try await filterEvents(request.members(FilterEvents.self, operation: name))
        default: throw HTTPError(.notFound)
        }
    }

    /// The function whose log a call is about, by AWS's names for groups; nil for others, and for none.
    static func functionName(inBody body: [UInt8]) -> String? {
        struct Members: Decodable {
            var logGroupName: String?
            var logGroupIdentifier: String?
        }
        guard let members = try? JSONDecoder().decode(Members.self, from: Data(body)),
            let group = members.logGroupName ?? members.logGroupIdentifier,
            let mark = group.firstRange(of: "/aws/lambda/"),
            mark.lowerBound == group.startIndex || group[..<mark.lowerBound].hasSuffix(":log-group:")
        else { return nil }
        let name = group[mark.upperBound...]
        return String(name.hasSuffix(":*") ? name.dropLast(2) : name)
    }

    // MARK: - Groups and streams

    private func describeGroups(_ members: DescribeGroups) async throws -> Response {
        try members.check()
        if members.logGroupNamePrefix != nil, members.logGroupNamePattern != nil {
            throw LogsError.invalidParameter(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
        }
        let groups = try await logs.logGroups().filter { group in
            group.name.hasPrefix(members.logGroupNamePrefix ?? "")
                && (members.logGroupNamePattern.map { group.name.contains($0) } ?? true)
                && (members.logGroupClass ?? "STANDARD") == "STANDARD"
        }
        let page = try LogsPage(groups, limit: members.limit ?? 50, token: members.nextToken) { $0.name }
        return try Response(
            logs: DescribeGroups.Answer(
                logGroups: page.items.map { LogGroupShape($0, arn: arn(of: $0.name)) }, nextToken: page.next))
    }

    private func describeStreams(_ members: DescribeStreams) async throws -> Response {
        try members.check()
        let group = try group(members.logGroupName, members.logGroupIdentifier)
        let byTime = members.orderBy == "LastEventTime"
        if byTime, members.logStreamNamePrefix != nil {
            throw LogsError.invalidParameter("Cannot order by LastEventTime with a logStreamNamePrefix.")
        }
        guard var streams = try await logs.logStreams(of: group) else { throw LogsError.groupNotFound }
        if let prefix = members.logStreamNamePrefix { streams.removeAll { !$0.name.hasPrefix(prefix) } }
        // Padded: as texts, times are in the order of their numbers.
        let key = { (stream: LogStreamSummary) in
            byTime ? "\(LogsToken.digits(stream.modified))\(stream.name)" : stream.name
        }
        let page = try LogsPage(
            streams, limit: members.limit ?? 50, token: members.nextToken, descending: members.descending ?? false,
            key: key)
        var shapes: [LogStreamShape] = []
        for stream in page.items {
            let ends = try await logs.ends(of: stream)
            shapes.append(LogStreamShape(stream, ends, arn: "\(arn(of: group)):log-stream:\(stream.name)"))
        }
        return try Response(logs: DescribeStreams.Answer(logStreams: shapes, nextToken: page.next))
    }

    // MARK: - Events

    private func getEvents(_ members: GetEvents) async throws -> Response {
        try members.check()
        let group = try group(members.logGroupName, members.logGroupIdentifier)
        guard let stream = members.logStreamName else { throw LogsError.missing("logStreamName") }
        let direction: LogStreamQuery.Direction
        if let token = members.nextToken {
            guard let parsed = LogsToken.direction(token) else { throw LogsError.invalidToken }
            direction = parsed
        } else {
            direction = members.startFromHead == true ? .forward(from: 0) : .backward(before: .max)
        }
        let query = LogStreamQuery(
            group: group, stream: stream, times: try times(members.startTime, members.endTime), direction: direction,
            limit: members.limit ?? 10_000)
        guard let page = try await logs.logEvents(query) else {
            throw try await logs.logStreams(of: group) == nil ? LogsError.groupNotFound : .streamNotFound
        }
        return try Response(
            logs: GetEvents.Answer(
                events: page.events.map { OutputEventShape($0) },
                nextForwardToken: LogsToken.forward(page.positions.after),
                nextBackwardToken: LogsToken.backward(page.positions.before)))
    }

    private func filterEvents(_ members: FilterEvents) async throws -> Response {
        try members.check()
        let group = try group(members.logGroupName, members.logGroupIdentifier)
        if members.logStreamNames != nil, members.logStreamNamePrefix != nil {
            throw LogsError.invalidParameter(
                "LogStream names and LogStream name prefix are mutually exclusive parameters.")
        }
        var after: LogCursor?
        if let token = members.nextToken {
            guard let cursor = LogsToken.cursor(token) else { throw LogsError.invalidToken }
            after = cursor
        }
        let pattern = try FilterPattern(members.filterPattern ?? "")
        let streams: LogSearch.Streams =
            if let names = members.logStreamNames { .named(Set(names)) } else {
                members.logStreamNamePrefix.map { .beginning(with: $0) } ?? .all
            }
        let search = LogSearch(
            group: group, streams: streams, times: try times(members.startTime, members.endTime), after: after,
            limit: members.limit ?? 10_000, matches: { pattern.matches($0) })
        guard let page = try await logs.searchLogs(search) else { throw LogsError.groupNotFound }
        return try Response(
            logs: FilterEvents.Answer(
                events: page.events.map { FilteredEventShape($0) },
                nextToken: page.hasMore ? page.events.last.map { LogsToken.text($0.cursor) } : nil))
    }

    // MARK: - Members

    /// A start is in it, an end is not, as in CloudWatch.
    private func times(_ start: Int64?, _ end: Int64?) throws -> Range<Int64> {
        let (start, end) = (start ?? 0, end ?? .max)
        guard start <= end else {
            throw LogsError.invalidParameter("End time should be greater than or equal to start time.")
        }
        return start..<end
    }

    private func arn(of group: String) -> String {
        "arn:\(scope.partition):logs:\(scope.region):\(scope.accountID):log-group:\(group)"
    }

    private func group(_ name: String?, _ identifier: String?) throws -> String {
        switch (name, identifier) {
        case (let name?, nil): return name
        case (nil, let identifier?):
            guard identifier.hasPrefix("arn:") else { return identifier }
            let words = identifier.split(separator: ":", maxSplits: 6, omittingEmptySubsequences: false)
            guard words.count == 7, words[2] == "logs", words[5] == "log-group" else {
                throw LogsError.invalidParameter("Invalid log group ARN: \(identifier)")
            }
            return String(words[6].hasSuffix(":*") ? words[6].dropLast(2) : words[6])
        case (.some, .some):
            throw LogsError.invalidParameter("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
        case (nil, nil): throw LogsError.missing("logGroupName")
        }
    }
}
