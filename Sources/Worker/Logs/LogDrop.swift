internal import Telemetry

/// Lines of one stream that were not written.
struct LogDrop {
    enum Reason {
        case tooFast
        case diskTooSlow
    }

    let reason: Reason
    private(set) var lines = 0
    private(set) var bytes = 0
    private let first: UInt64
    private var last: UInt64

    init(_ reason: Reason, at wallClock: UInt64) {
        self.reason = reason
        (first, last) = (wallClock, wallClock)
    }

    mutating func add(_ dropped: [UInt8], at wallClock: UInt64) {
        lines += dropped.count { $0 == UInt8(ascii: "\n") }
        bytes += dropped.count
        last = wallClock
    }

    /// As it stands in the stream, where the lines would have been.
    func line(of file: LogFile, _ limits: LogLimits, at wallClock: UInt64) -> [UInt8] {
        let why =
            switch reason {
            case .tooFast: "faster than \(LogDrop.megabytes(limits.bytesPerSecond)) MB/s"
            case .diskTooSlow: "the disk was too slow"
            }
        let text = """
            LOGS_DROPPED Lines: \(lines)\tBytes: \(bytes)\tFrom: \(Timestamp(nanoseconds: first).iso8601)\t\
            To: \(Timestamp(nanoseconds: last).iso8601)\tStream: \(file.stream)\tReason: \(why)
            """
        return Array("\(Timestamp(nanoseconds: wallClock).iso8601)\t\(text)\n".utf8)
    }

    private static func megabytes(_ bytes: Int) -> String {
        bytes % (1 << 20) == 0 ? "\(bytes >> 20)" : "\(Double(bytes) / Double(1 << 20))"
    }
}
