import Foundation
import SystemPackage

enum LogDirectory {
    /// The lines of every stream under `directory`, each without its time.
    static func lines(_ directory: FilePath) throws -> [String] {
        guard let names = FileManager.default.enumerator(atPath: directory.string) else { return [] }
        var lines: [String] = []
        for path in names.compactMap({ $0 as? String }).sorted().map({ "\(directory)/\($0)" }) {
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue else {
                continue
            }
            lines += try Self.lines(file: FilePath(path))
        }
        return lines
    }

    /// The lines of one stream.
    static func lines(file: FilePath) throws -> [String] {
        let text = String(decoding: try Data(contentsOf: URL(filePath: file.string)), as: UTF8.self)
        return text.split(separator: "\n").map { line in
            String(line[line.index(after: line.firstIndex(of: "\t") ?? line.startIndex)...])
        }
    }
}
