/// `LoggingConfig` of a version: in which form its log is written, how much of it, and where.
package struct LoggingConfiguration: Codable, Sendable, Equatable {
    package enum Format: String, Codable, Sendable, CaseIterable {
        case json = "JSON"
        case text = "Text"
    }

    package var format: Format
    /// `ApplicationLogLevel`; only with ``Format/json``.
    package var applicationLevel: String?
    /// `SystemLogLevel`; only with ``Format/json``.
    package var systemLevel: String?
    /// Nil is the function's own group.
    package var group: String?

    /// What a function has that never was given any.
    package static let standard = LoggingConfiguration(format: .text)

    package init(
        format: Format, applicationLevel: String? = nil, systemLevel: String? = nil, group: String? = nil
    ) {
        self.format = format
        self.applicationLevel = applicationLevel
        self.systemLevel = systemLevel
        self.group = group
    }

    static let applicationLevels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
    static let systemLevels = ["DEBUG", "INFO", "WARN"]
    private static let standardLevel = "INFO"

    /// Sets what was given. Text has no levels, and JSON always has.
    package mutating func set(_ members: LoggingMembers) {
        if let format = members.format.flatMap(Format.init) { self.format = format }
        if let group = members.group { self.group = group }
        switch format {
        case .text: (applicationLevel, systemLevel) = (nil, nil)
        case .json:
            applicationLevel = members.applicationLevel ?? applicationLevel ?? Self.standardLevel
            systemLevel = members.systemLevel ?? systemLevel ?? Self.standardLevel
        }
    }
}

/// What a client sent as `LoggingConfig`; nil means "not given".
package struct LoggingMembers: Sendable, Equatable {
    package var format: String?
    package var applicationLevel: String?
    package var systemLevel: String?
    package var group: String?

    package init(
        format: String? = nil, applicationLevel: String? = nil, systemLevel: String? = nil, group: String? = nil
    ) {
        self.format = format
        self.applicationLevel = applicationLevel
        self.systemLevel = systemLevel
        self.group = group
    }
}

extension FunctionConfiguration {
    /// Where the version's log goes.
    package var logGroup: String { logging?.group ?? "/aws/lambda/\(functionName)" }
}

extension ConstraintViolations {
    mutating func checkLogging(_ members: LoggingMembers) {
        let formats = LoggingConfiguration.Format.allCases.map(\.rawValue)
        check(members.format, at: "loggingConfig.logFormat", among: formats)
        check(
            members.applicationLevel, at: "loggingConfig.applicationLogLevel",
            among: LoggingConfiguration.applicationLevels)
        check(members.systemLevel, at: "loggingConfig.systemLogLevel", among: LoggingConfiguration.systemLevels)
        guard let group = members.group else { return }
        let path = "loggingConfig.logGroup"
        if group.isEmpty { add(group, at: path, .lengthAtLeast(1)) }
        if group.utf8.count > Limits.logGroup { add(group, at: path, .lengthAtMost(Limits.logGroup)) }
        let marks = Array(".-_/#".utf8)
        if group.isEmpty || !group.utf8.allSatisfy({ $0.isLetter || $0.isDigit || marks.contains($0) }) {
            add(group, at: path, .pattern(#"[\.\-_/#A-Za-z0-9]+"#))
        }
    }

    private mutating func check(_ value: String?, at path: String, among values: [String]) {
        if let value, !values.contains(value) { add(value, at: path, .oneOf(values)) }
    }
}
