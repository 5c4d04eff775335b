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
            let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
            for line in text.split(separator: "\n") {
                lines.append(String(line[line.index(after: line.firstIndex(of: "\t") ?? line.startIndex)...]))
            }
        }
        return lines
    }
}
