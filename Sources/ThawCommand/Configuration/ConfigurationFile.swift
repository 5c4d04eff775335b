import ArgumentParser
import LinuxKit
import SystemPackage

/// A file of lines `name = value`, whose names are the long options of `thaw serve`.
package struct ConfigurationFile: Sendable {
    /// One line, as arguments of the command.
    package struct Setting: Sendable, Equatable {
        var name: String
        package var arguments: [String]
    }

    static let standard: FilePath = "/etc/thaw/thaw.conf"

    package let settings: [Setting]

    static func read(_ path: FilePath) throws(ConfigurationError) -> ConfigurationFile {
        let text: String
        do { text = try SmallFile.text(path) } catch {
            throw ConfigurationError(text: "cannot read the configuration \(path): \(error)")
        }
        return try ConfigurationFile(text, of: path)
    }

    package init(_ text: String, of path: FilePath) throws(ConfigurationError) {
        var settings: [Setting] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = Self.trimmed(Self.withoutComment(line))
            guard !content.isEmpty else { continue }
            do throws(ConfigurationError) {
                let setting = try Self.setting(content)
                guard Self.repeatable.contains(setting.name) || !settings.contains(where: { $0.name == setting.name })
                else {
                    throw ConfigurationError(text: "\(setting.name) has been set above")
                }
                settings.append(setting)
            } catch {
                throw ConfigurationError(text: "\(path), line \(index + 1): \(error.text)")
            }
        }
        self.settings = settings
    }

    private static func setting(_ content: Substring) throws(ConfigurationError) -> Setting {
        let parts = content.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { trimmed($0) }
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw ConfigurationError(text: "'\(content)' is not of the form name = value")
        }
        let (name, value) = (String(parts[0]), parts[1])
        guard !name.hasPrefix("no-"), !name.hasPrefix("-"), !notSettings.contains(name) else {
            throw ConfigurationError(text: "there is nothing named '\(name)' that can be set; see thaw serve --help")
        }
        let arguments: [String]
        if complaint(about: ["--\(name)"]) == nil {
            guard let isSet = Bool(String(value)) else {
                throw ConfigurationError(text: "\(name) is true or false; '\(value)' was given")
            }
            arguments = [isSet ? "--\(name)" : "--no-\(name)"]
        } else {
            arguments = ["--\(name)=\(value)"]
        }
        if let complaint = complaint(about: arguments) { throw ConfigurationError(text: "\(content): \(complaint)") }
        return Setting(name: name, arguments: arguments)
    }

    /// Options of the command that say nothing about the server.
    private static let notSettings: Set<String> = ["config", "help"]

    /// Those that may stand in several lines.
    private static let repeatable: Set<String> = ["allow-host"]

    /// Why `thaw serve` would not take these; nil when it does.
    private static func complaint(about arguments: [String]) -> String? {
        do {
            _ = try ServerOptions.parse(arguments)
            return nil
        } catch {
            return ServerOptions.message(for: error)
        }
    }

    /// A comment begins with # at the line's beginning or after white space.
    private static func withoutComment(_ line: Substring) -> Substring {
        var isAfterSpace = true
        for index in line.indices {
            if line[index] == "#", isAfterSpace { return line[..<index] }
            isAfterSpace = line[index].isWhitespace
        }
        return line
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return start[...last]
    }
}

/// What is wrong with a configuration, and where.
package struct ConfigurationError: Error, CustomStringConvertible {
    var text: String

    package var description: String { text }
}
