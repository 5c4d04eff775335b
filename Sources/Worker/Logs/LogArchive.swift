package import FunctionModel
internal import LinuxKit
internal import SystemPackage
internal import Telemetry

/// Reads what ``LogFiles`` has written, on a thread of its own; what is queued is written first.
///
/// A page is found by the times in the files, not by reading them from their beginnings, and holds no more than a client is sent.
package struct LogArchive: LogReading {
    private static let groupPrefix = "/aws/lambda/"
    /// CloudWatch's limit of one answer.
    private static let pageBytes = 1 << 20

    private let files: LogFiles
    /// The group of a function's log; nil for a function that is gone.
    private let groupOf: @Sendable (_ function: String) async -> String?

    package init(files: LogFiles, groupOf: @escaping @Sendable (_ function: String) async -> String? = { _ in nil }) {
        self.files = files
        self.groupOf = groupOf
    }

    package func logGroups() async throws(LambdaError) -> [LogGroupSummary] {
        var groups: [String: LogGroupSummary] = [:]
        for function in await reading(Self.entries) {
            let streams = await reading { Self.streams(in: $0.appending(function)) }
            guard let first = streams.map(\.name).min() else { continue }
            let name = await group(of: function)
            let created = Self.day(of: first)
            var group = groups[name] ?? LogGroupSummary(name: name, created: created, bytes: 0)
            group.created = min(group.created, created)
            group.bytes += streams.reduce(0) { $0 + $1.parts.reduce(0) { $0 + $1.status.size } }
            groups[name] = group
        }
        return groups.values.sorted { $0.name < $1.name }
    }

    package func logStreams(of group: String) async throws(LambdaError) -> [LogStreamSummary]? {
        let streams = await streams(of: group)
        return streams.isEmpty ? nil : streams.map { $0.summary(in: group) }
    }

    package func ends(of stream: LogStreamSummary) async throws(LambdaError) -> ClosedRange<Int64>? {
        guard let found = await streams(of: stream.group).first(where: { $0.name == stream.name }) else { return nil }
        return await BlockingThread.run { found.ends(modified: stream.modified) }
    }

    package func logEvents(_ query: LogStreamQuery) async throws(LambdaError) -> LogStreamPage? {
        guard let found = await streams(of: query.group).first(where: { $0.name == query.stream }) else { return nil }
        return await BlockingThread.run { found.page(query, bytes: Self.pageBytes) }
    }

    package func searchLogs(_ search: LogSearch) async throws(LambdaError) -> LogSearchPage? {
        let streams = await streams(of: search.group)
        if streams.isEmpty { return nil }
        return await BlockingThread.run {
            var found = FoundEvents(limit: search.limit, bytes: Self.pageBytes)
            for stream in streams where search.streams.contains(stream.name) { stream.find(search, &found) }
            return found.page()
        }
    }

    // MARK: - Groups

    private func group(of function: String) async -> String { await groupOf(function) ?? Self.groupPrefix + function }

    /// By name.
    private func streams(of group: String) async -> [LogStreamFiles] {
        await files.flush()
        var functions: [String] = []
        if let function = Self.function(of: group), await self.group(of: function) == group {
            functions = [function]
        } else {
            for function in await reading(Self.entries) where await self.group(of: function) == group {
                functions.append(function)
            }
        }
        let names = functions
        return await reading { directory in
            names.flatMap { Self.streams(in: directory.appending($0)) }.sorted { $0.name < $1.name }
        }
    }

    private func reading<R: Sendable>(_ body: @escaping @Sendable (FilePath) -> R) async -> R {
        let directory = files.directory
        return await BlockingThread.run { body(directory) }
    }

    // MARK: - Files

    /// The directory of a group's files; nil for a name that no function's group can have.
    private static func function(of group: String) -> String? {
        guard group.hasPrefix(groupPrefix) else { return nil }
        let name = String(group.dropFirst(groupPrefix.count))
        guard FilePath.Component(name) != nil, !name.contains("/"), !name.hasPrefix(".") else { return nil }
        return name
    }

    /// By name.
    private static func streams(in directory: FilePath) -> [LogStreamFiles] {
        var streams: [String: LogStreamFiles] = [:]
        for year in numbers(directory) {
            for month in numbers(directory.appending(year)) {
                for day in numbers(directory.appending(year).appending(month)) {
                    let path = directory.appending(year).appending(month).appending(day)
                    for file in entries(path) where file.hasPrefix("[") {
                        add(path.appending(file), "\(year)/\(month)/\(day)/\(file)", to: &streams)
                    }
                }
            }
        }
        return streams.values.sorted { $0.name < $1.name }
    }

    private static func add(_ path: FilePath, _ name: String, to streams: inout [String: LogStreamFiles]) {
        guard let status = try? FileStatus.of(path, following: false), status.kind == .regular else { return }
        let words = name.split(separator: ".", maxSplits: 1)
        let stream = String(words[0])
        let number = words.count > 1 ? Int(words[1]) ?? 0 : 0
        streams[stream, default: LogStreamFiles(name: stream)].add(LogPart(path: path, number: number, status: status))
    }

    private static func numbers(_ directory: FilePath) -> [String] {
        entries(directory).filter { $0.allSatisfy(\.isNumber) }
    }

    private static func entries(_ path: FilePath) -> [String] { (try? Directory.entries(path)) ?? [] }

    /// Of a stream's name, which begins with it.
    private static func day(of stream: String) -> Int64 {
        let text = stream.prefix(10).replacing("/", with: "-") + "T00:00:00.000Z"
        return Timestamp.milliseconds(iso8601: Array(text.utf8)[...]) ?? 0
    }
}

/// The files of one stream, the oldest first.
struct LogStreamFiles: Sendable {
    let name: String
    private(set) var parts: [LogPart] = []

    init(name: String) { self.name = name }

    mutating func add(_ part: LogPart) {
        let index = parts.firstIndex { $0.number > part.number } ?? parts.count
        parts.insert(part, at: index)
    }

    /// Milliseconds since 1970.
    private var modified: Int64 { (parts.map(\.status.modified).max() ?? 0) / 1_000_000 }

    func summary(in group: String) -> LogStreamSummary {
        LogStreamSummary(group: group, name: name, modified: modified)
    }

    /// Times of the first and the last event.
    func ends(modified: Int64) -> ClosedRange<Int64>? {
        var ends: (first: Int64, last: Int64)?
        parts.first?.lines(from: 0) { line in
            ends = (line.time, line.time)
            return false
        }
        if let part = parts.last {
            part.lines(from: part.offset(since: modified)) { line in
                ends = (min(ends?.first ?? line.time, line.time), max(ends?.last ?? line.time, line.time))
                return true
            }
        }
        return ends.map { $0.first...$0.last }
    }

    func page(_ query: LogStreamQuery, bytes: Int) -> LogStreamPage {
        var events: [LogEvent] = []
        var held = 0
        func keepLast(_ limit: Int, _ bytes: Int) {
            var (count, sum) = (0, 0)
            for event in events.reversed() where count < limit {
                sum += event.text.utf8.count
                if count > 0, sum > bytes { break }
                count += 1
            }
            events.removeFirst(events.count - count)
            held = min(sum, held)
        }
        switch query.direction {
        case .forward(let position):
            var after = position
            for part in parts {
                part.lines(from: max(part.offset(of: position), part.offset(since: query.times.lowerBound))) { line in
                    guard query.times.contains(line.time) else { return true }
                    guard events.count < query.limit, events.isEmpty || held + line.text.count <= bytes else {
                        return false
                    }
                    events.append(event(line, part))
                    held += line.text.count
                    after = LogPart.position(part.number, line.next)
                    return true
                }
            }
            return LogStreamPage(events: events, positions: (events.first?.position ?? position, after))
        case .backward(let position):
            for part in parts {
                let end = part.offset(of: position)
                part.lines(from: part.offset(since: query.times.lowerBound)) { line in
                    guard line.offset < end else { return false }
                    guard query.times.contains(line.time) else { return true }
                    events.append(event(line, part))
                    held += line.text.count
                    if events.count > 2 * query.limit || held > 4 * bytes { keepLast(query.limit, bytes) }
                    return true
                }
            }
            keepLast(query.limit, bytes)
            let end = parts.last.map { LogPart.position($0.number, $0.status.size) } ?? 0
            let after = min(position, end)
            return LogStreamPage(events: events, positions: (events.first?.position ?? after, after))
        }
    }

    func find(_ search: LogSearch, _ found: inout FoundEvents) {
        for part in parts where part.status.modified / 1_000_000 >= search.times.lowerBound - LogPart.lag {
            let since = max(search.times.lowerBound, search.after?.time ?? 0)
            part.lines(from: part.offset(since: since)) { line in
                if found.isBeyond(line.time - LogPart.lag) { return false }
                guard search.times.contains(line.time), line.time >= since else { return true }
                let event = event(line, part)
                if let after = search.after, event.cursor <= after { return true }
                if search.matches(event.text) { found.add(event) }
                return true
            }
        }
    }

    private func event(_ line: LogPart.Line, _ part: LogPart) -> LogEvent {
        LogEvent(
            stream: name, time: line.time, position: LogPart.position(part.number, line.offset),
            text: String(decoding: line.text, as: UTF8.self))
    }
}

/// The first events of a page's worth that were found so far, and one more.
struct FoundEvents {
    private let limit: Int
    private let bytes: Int
    private var events: [LogEvent] = []
    private var held = 0
    /// What is later than this is not needed.
    private var last: Int64?

    init(limit: Int, bytes: Int) {
        self.limit = limit
        self.bytes = bytes
    }

    func isBeyond(_ time: Int64) -> Bool { last.map { time > $0 } ?? false }

    mutating func add(_ event: LogEvent) {
        if isBeyond(event.time) { return }
        events.append(event)
        held += event.text.utf8.count
        if events.count > 2 * (limit + 1) || held > 4 * bytes { cut() }
    }

    /// Keeps what fits, and the one event that says that there are more.
    private mutating func cut() {
        events.sort { $0.cursor < $1.cursor }
        var (count, sum) = (0, 0)
        while count < events.count, count <= limit, count <= 1 || sum <= bytes {
            sum += events[count].text.utf8.count
            count += 1
        }
        guard count < events.count else { return }
        events.removeSubrange(count...)
        held = sum
        last = events.last?.time
    }

    mutating func page() -> LogSearchPage {
        events.sort { $0.cursor < $1.cursor }
        var (count, sum) = (0, 0)
        while count < events.count, count < limit {
            sum += events[count].text.utf8.count
            if count > 0, sum > bytes { break }
            count += 1
        }
        return LogSearchPage(events: Array(events[..<count]), hasMore: count < events.count)
    }
}
