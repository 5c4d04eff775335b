internal import Basics
internal import LinuxKit

extension Hexadecimal {
    /// `count` random bytes, two digits each.
    static func random(bytes count: Int) -> String { text(SystemRandom.bytes(count)) }
}
