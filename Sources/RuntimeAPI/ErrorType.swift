/// `Lambda-Runtime-Function-Error-Type` as AWS records it.
enum ErrorType {
    /// The runtime's own type when it matches AWS's `(Runtime|Function)\.[A-Z][a-zA-Z]+`, else `Function.Unknown` or
    /// `Runtime.Unknown`. As on AWS the pattern may match anywhere in the text.
    static func validated(_ bytes: [UInt8]) -> String {
        bytes.withUnsafeBufferPointer { buffer in
            let bytes = Bytes(buffer)
            if bytes.matchesAnywhere, let text = String(validating: buffer, as: UTF8.self) { return text }
            return bytes.hasPrefix("Function.") ? "Function.Unknown" : "Runtime.Unknown"
        }
    }
}

extension Bytes {
    fileprivate var matchesAnywhere: Bool {
        for start in 0..<count {
            var rest = dropFirst(start)
            guard rest.drop("Runtime.") || rest.drop("Function.") else { continue }
            if rest.count >= 2, isUpper(rest[0]), isUpper(rest[1]) || isLower(rest[1]) { return true }
        }
        return false
    }

    private func isUpper(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") }
    private func isLower(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
}
