import Glibc

/// A time as signatures name it: UTC, whole seconds.
package struct SigningTime: Sendable, Hashable, Comparable {
    /// Since 1970.
    package let seconds: Int

    package init(seconds: Int) { self.seconds = seconds }

    package static func now() -> SigningTime { SigningTime(seconds: time(nil)) }

    /// Reads `20150830T123600Z`; nil for anything else.
    package init?(stamp: String) {
        let bytes = Array(stamp.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for byte in bytes[range] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            return value
        }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15), (1...12).contains(month),
            (1...31).contains(day),
            hour < 24, minute < 60, second < 61
        else { return nil }
        seconds = Self.days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    /// `20150830T123600Z`
    package var stamp: String {
        let time = seconds - days * 86_400
        return day + "T" + Self.digits(time / 3_600, 2) + Self.digits(time / 60 % 60, 2) + Self.digits(time % 60, 2)
            + "Z"
    }

    /// `20150830`
    package var day: String {
        let (year, month, day) = Self.date(days)
        return Self.digits(year, 4) + Self.digits(month, 2) + Self.digits(day, 2)
    }

    package func later(by seconds: Int) -> SigningTime { SigningTime(seconds: self.seconds + seconds) }

    package static func < (one: SigningTime, other: SigningTime) -> Bool { one.seconds < other.seconds }

    private var days: Int { (seconds - ((seconds % 86_400) + 86_400) % 86_400) / 86_400 }

    private static func digits(_ value: Int, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }

    /// Days since 1970, with years that begin in March: the leap day is then a year's last.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let days = max(0, days + 719_468)
        let era = days / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
