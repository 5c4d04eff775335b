import Foundation
import SystemPackage

/// Reads a function's log streams: files of lines `TIME<TAB>TEXT`, or `<TAB>TEXT` where an event goes on, see ``LogFiles``.
package struct LogReader: Sendable {
    let directory: FilePath
    /// `$LATEST` or a number; nil shows all.
    let version: String?
    let showsTimestamps: Bool

    package init(directory: FilePath, version: String?, showsTimestamps: Bool) {
        self.directory = directory
        self.version = version
        self.showsTimestamps = showsTimestamps
    }

    struct Line {
        let time: Substring
        var text: Substring
        let stream: String
    }

    /// Prints everything there is, all streams merged by time. False when there is nothing.
    package func show() throws -> Bool {
        var lines: [(time: Substring, line: Line)] = []
        for stream in try streams() {
            // Lines of one stream keep their order, though a guest's clock may lag behind the host's a little.
            var latest: Substring = ""
            for line in parse(try read(stream, from: 0).text, of: stream) {
                latest = max(latest, line.time)
                lines.append((latest, line))
            }
        }
        let ordered = lines.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
        for (_, element) in ordered { show(element.line) }
        return !lines.isEmpty
    }

    func show(_ line: Line) {
        print(showsTimestamps ? "\(line.time) \(line.stream) \(line.text)" : "\(line.text)")
    }

    func parse(_ text: String, of stream: FilePath) -> [Line] {
        let name = stream.string.dropFirst(directory.string.utf8.count + 1)
        var lines: [Line] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            if line.first == "\t", let last = lines.indices.last {
                lines[last].text += "\n" + line.dropFirst()
                continue
            }
            let tab = line.firstIndex(of: "\t") ?? line.startIndex
            let text = tab == line.startIndex ? line : line[line.index(after: tab)...]
            lines.append(Line(time: line[..<tab], text: text, stream: String(name)))
        }
        return lines
    }

    /// The finished lines of a stream that begin at or after `offset`, and where the next one begins.
    func read(_ stream: FilePath, from offset: Int64) throws -> (text: String, end: Int64) {
        let file = try FileDescriptor.open(stream, .readOnly, options: .closeOnExec)
        return try file.closeAfter {
            let size = try file.seek(offset: 0, from: .end)
            guard size > offset else { return ("", offset) }
            var bytes = [UInt8](repeating: 0, count: Int(size - offset))
            let count = try bytes.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: offset, into: $0) }
            let finished = bytes.prefix(count).lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            return (String(decoding: bytes.prefix(finished), as: UTF8.self), offset + Int64(finished))
        }
    }

    /// The streams there are, oldest day first.
    func streams() throws -> [FilePath] {
        guard let names = FileManager.default.enumerator(atPath: directory.string) else { return [] }
        return names.compactMap { $0 as? String }.map { directory.pushing(FilePath($0)) }
            .filter(shows).sorted { $0.string < $1.string }
    }

    /// The versions that have logged anything, $LATEST first.
    package func versions() throws -> [String] {
        let all = LogReader(directory: directory, version: nil, showsTimestamps: false)
        return Set(try all.streams().compactMap { Self.version(of: $0) }).sorted {
            (Int($0) ?? 0, $0) < (Int($1) ?? 0, $1)
        }
    }

    /// Whether `path` is a stream of the version asked for.
    func shows(_ path: FilePath) -> Bool {
        guard let found = Self.version(of: path) else { return false }
        return version == nil || version == found
    }

    /// A stream's name is `[VERSION]` and 32 hex digits.
    private static func version(of path: FilePath) -> String? {
        guard let name = path.lastComponent?.string, name.hasPrefix("["), let end = name.firstIndex(of: "]") else {
            return nil
        }
        return String(name[name.index(after: name.startIndex)..<end])
    }
}
