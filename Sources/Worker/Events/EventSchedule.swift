internal import FunctionStore

/// Which event is next: a value without time or tasks of its own.
///
/// Functions take turns. Of one function, events go in the order in which they came, as many at a time as it turns out to take: a
/// throttled event narrows that to those that run, each that ends well widens it again. Times are milliseconds since 1970.
struct EventSchedule {
    private struct Line {
        /// Oldest first, from `head`.
        var ready: [WaitingEvent] = []
        var head = 0
        var running = 0
        var window = Int.max
        var pausedUntil: Int64 = 0
        var pause: Int64 = 0

        var isEmpty: Bool { head == ready.count }

        mutating func popFirst() -> WaitingEvent {
            defer {
                head += 1
                if head > 1_024, head * 2 > ready.count {
                    ready.removeFirst(head)
                    head = 0
                }
            }
            return ready[head]
        }

        mutating func putBack(_ event: WaitingEvent) {
            if head > 0 {
                head -= 1
                ready[head] = event
            } else {
                ready.insert(event, at: 0)
            }
        }
    }

    /// How long a function's events rest that is throttled though none of them runs; doubled each time.
    static let pauses: ClosedRange<Int64> = 1_000...300_000

    /// How many may run at a time.
    let limit: Int
    private var lines: [String: Line] = [:]
    /// The functions that have ready events, the next one first.
    private var turns: [String] = []
    private var later = TimeHeap()
    private var known: Set<Int64> = []
    private(set) var running = 0
    private(set) var bytes = 0

    init(limit: Int) { self.limit = max(1, limit) }

    /// Waiting and running.
    var count: Int { known.count }

    /// Adds an event that is new, or that has been tried and waits again.
    mutating func add(_ event: WaitingEvent, now: Int64) {
        guard known.insert(event.id).inserted else { return }
        bytes += event.size
        if event.dueAt > now { later.insert(event) } else { append(event) }
    }

    /// Takes the event whose turn it is; nil when there is none now.
    mutating func next(now: Int64) -> WaitingEvent? {
        while let due = later.first, due.dueAt <= now {
            later.removeFirst()
            append(due)
        }
        guard running < limit else { return nil }
        for index in turns.indices {
            let name = turns[index]
            guard var line = lines[name], line.running < line.window, line.pausedUntil <= now else { continue }
            let event = line.popFirst()
            line.running += 1
            running += 1
            turns.remove(at: index)
            if !line.isEmpty { turns.append(name) }
            lines[name] = line
            return event
        }
        return nil
    }

    /// An event that was taken has gone its way, and the function may take one more at a time. With `again`, it waits until then.
    mutating func finish(_ event: WaitingEvent, again: Int64? = nil, now: Int64) {
        leave(event) { line in
            line.pause = 0
            if line.window < Int.max { line.window += 1 }
        }
        known.remove(event.id)
        bytes -= event.size
        guard let again else { return forgetIfEmpty(event.functionName) }
        var event = event
        event.dueAt = again
        add(event, now: now)
        forgetIfEmpty(event.functionName)
    }

    /// An event that was taken found no room: it is the function's next one again.
    mutating func throttle(_ event: WaitingEvent, now: Int64) {
        leave(event) { line in
            line.window = max(1, line.running)
            guard line.running == 0 else { return }
            line.pause = min(max(line.pause * 2, Self.pauses.lowerBound), Self.pauses.upperBound)
            line.pausedUntil = now + line.pause
        }
        let wasEmpty = lines[event.functionName]?.isEmpty != false
        lines[event.functionName, default: Line()].putBack(event)
        if wasEmpty { turns.append(event.functionName) }
    }

    /// When there may be an event next, if not before.
    func nextDue(now: Int64) -> Int64? {
        guard running < limit else { return nil }
        let pauses = turns.compactMap { name -> Int64? in
            guard let line = lines[name], line.running < line.window else { return nil }
            return line.pausedUntil
        }
        return [later.first?.dueAt, pauses.min()].compactMap { $0 }.min().map { max($0, now) }
    }

    private mutating func append(_ event: WaitingEvent) {
        var line = lines[event.functionName] ?? Line()
        if line.isEmpty { turns.append(event.functionName) }
        line.ready.append(event)
        lines[event.functionName] = line
    }

    private mutating func leave(_ event: WaitingEvent, _ change: (inout Line) -> Void) {
        running -= 1
        guard var line = lines[event.functionName] else { return }
        line.running -= 1
        change(&line)
        lines[event.functionName] = line
    }

    private mutating func forgetIfEmpty(_ name: String) {
        if let line = lines[name], line.isEmpty, line.running == 0 { lines[name] = nil }
    }
}

/// Events by the time at which they are due: a binary heap.
private struct TimeHeap {
    private var events: [WaitingEvent] = []

    var first: WaitingEvent? { events.first }

    mutating func insert(_ event: WaitingEvent) {
        events.append(event)
        var child = events.count - 1
        while child > 0, Self.isSooner(events[child], events[(child - 1) / 2]) {
            events.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        guard let last = events.popLast(), !events.isEmpty else { return }
        events[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < events.count {
                if Self.isSooner(events[child], events[least]) { least = child }
            }
            guard least != parent else { return }
            events.swapAt(parent, least)
            parent = least
        }
    }

    private static func isSooner(_ one: WaitingEvent, _ other: WaitingEvent) -> Bool {
        (one.dueAt, one.id) < (other.dueAt, other.id)
    }
}
