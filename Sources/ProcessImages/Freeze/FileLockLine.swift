import CProcessImage
import LinuxKit

/// A lock as proc_pid_fdinfo(5) tells it of a descriptor: "lock:  1: POSIX  ADVISORY  WRITE 17 00:2f:5 0 EOF".
struct FileLockLine: Hashable {
    /// Nil: a lease, or what nobody knows.
    let kind: thaw_lock_kind.RawValue?
    let isExclusive: Bool
    let start: UInt64
    /// 0: to the end of the file, wherever that is.
    let length: UInt64

    var isLease: Bool { kind == nil }

    static func all(in info: ProcText) -> [FileLockLine] {
        var found: [FileLockLine] = []
        info.forEachLine { line in
            guard line.starts(with: "lock:".utf8) else { return }
            var scanner = LineScanner(line)
            var words: [String] = []
            while true {
                let word = scanner.word()
                if word.isEmpty { break }
                words.append(String(decoding: word, as: UTF8.self))
            }
            found.append(FileLockLine(words))
        }
        return found
    }

    private init(_ words: [String]) {
        func word(_ index: Int) -> String { words.indices.contains(index) ? words[index] : "" }
        let kinds = [
            "FLOCK": THAW_LOCK_FLOCK.rawValue, "POSIX": THAW_LOCK_POSIX.rawValue,
            "OFDLCK": THAW_LOCK_DESCRIPTION.rawValue,
        ]
        let first = UInt64(word(7))
        let last = UInt64(word(8))
        let isKnown = ["READ", "WRITE"].contains(word(4)) && first != nil && (last != nil || word(8) == "EOF")
        kind = isKnown ? kinds[word(2)] : nil
        isExclusive = word(4) == "WRITE"
        let begin = first ?? 0
        start = begin
        length = last.map { $0 &- begin &+ 1 } ?? 0
    }
}
