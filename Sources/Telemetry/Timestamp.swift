/// UTC calendar time from nanoseconds since 1970, without a formatter: log lines are made by the thousand.
package struct Timestamp: Sendable {
    package let year, month, day, hour, minute, second, millisecond: Int

    package init(nanoseconds: UInt64) {
        let milliseconds = Int(nanoseconds / 1_000_000)
        let seconds = milliseconds / 1000
        let days = seconds / 86_400
        millisecond = milliseconds % 1000
        second = seconds % 60
        minute = seconds / 60 % 60
        hour = seconds / 3600 % 24
        // Days to civil date: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", for days after 1970.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// `2026-11-23T08:25:23.004Z`.
    package var iso8601: String {
        var text: [UInt8] = []
        text.reserveCapacity(Self.iso8601Length)
        appendISO8601(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    package static let iso8601Length = 24

    package func appendISO8601(to text: inout [UInt8]) {
        Self.append(year, digits: 4, to: &text)
        text.append(UInt8(ascii: "-"))
        Self.append(month, digits: 2, to: &text)
        text.append(UInt8(ascii: "-"))
        Self.append(day, digits: 2, to: &text)
        text.append(UInt8(ascii: "T"))
        Self.append(hour, digits: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Self.append(minute, digits: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Self.append(second, digits: 2, to: &text)
        text.append(UInt8(ascii: "."))
        Self.append(millisecond, digits: 3, to: &text)
        text.append(UInt8(ascii: "Z"))
    }

    /// `2026/11/23`.
    package var datePath: String {
        var text: [UInt8] = []
        Self.append(year, digits: 4, to: &text)
        for value in [month, day] {
            text.append(UInt8(ascii: "/"))
            Self.append(value, digits: 2, to: &text)
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func append(_ value: Int, digits: Int, to text: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }
}
