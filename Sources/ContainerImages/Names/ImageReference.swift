/// The name of an image, as `Code.ImageUri` has it.
///
/// - `HOST[:PORT]/NAME[:TAG][@sha256:…]`: in a registry. The host is always named: it has a dot or a port, or is `localhost`.
/// - `oci:DIRECTORY[:TAG][@sha256:…]`: a layout on disk, as skopeo and buildah write it.
/// - `oci-archive:FILE[:TAG][@sha256:…]`: the same in a tar, as podman and buildkit write it.
/// - `docker-archive:FILE[@sha256:…]`: what `docker save` writes.
package struct ImageReference: Sendable, Hashable, CustomStringConvertible {
    package enum Place: Sendable, Hashable {
        /// `host` with its port, as it was written.
        case registry(host: String, name: String)
        /// An absolute path.
        case layout(path: String)
        /// A tar with a layout; an absolute path.
        case layoutArchive(path: String)
        /// An absolute path.
        case archive(path: String)
    }

    package let place: Place
    package let tag: String?
    package let digest: ImageDigest?
    /// As it was given.
    package let description: String

    private static let longest = 4096

    package init(parsing text: String) throws(ContainerImageError) {
        guard text.utf8.count <= Self.longest, text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw Self.invalid(text, "it has more than \(Self.longest) characters, or some that no name has")
        }
        description = text
        var (name, digest) = (Substring(text), ImageDigest?.none)
        if let at = text.lastIndex(of: "@") {
            let said = text[text.index(after: at)...]
            if let known = ImageDigest(said) {
                (name, digest) = (text[..<at], known)
            } else if Self.file(text) == nil || said.hasPrefix("sha") {
                throw Self.invalid(text, "'\(said.prefix(100))' is no digest: sha256: and 64 digits")
            }
        }
        self.digest = digest
        switch Self.file(name) {
        case .layout(let path):
            let (path, tag) = try Self.splitTag(path, of: text)
            (place, self.tag) = (.layout(path: try Self.absolute(path, in: text)), tag)
        case .layoutArchive(let path):
            let (path, tag) = try Self.splitTag(path, of: text)
            (place, self.tag) = (.layoutArchive(path: try Self.absolute(path, in: text)), tag)
        case .archive(let path):
            (place, tag) = (.archive(path: try Self.absolute(path, in: text)), nil)
        case nil:
            let (whole, tag) = try Self.splitTag(name, of: text)
            (place, self.tag) = (try Self.registry(whole, of: text), tag)
        }
    }

    /// The same image, whatever its tag comes to stand for.
    package func pinned(to digest: ImageDigest) -> String {
        switch place {
        case .registry(let host, let name): "\(host)/\(name)@\(digest)"
        case .layout(let path): "oci:\(path)@\(digest)"
        case .layoutArchive(let path): "oci-archive:\(path)@\(digest)"
        case .archive(let path): "docker-archive:\(path)@\(digest)"
        }
    }

    // MARK: - Parts

    private enum File {
        case layout(Substring)
        case layoutArchive(Substring)
        case archive(Substring)
    }

    private static func file(_ text: some StringProtocol) -> File? {
        let text = Substring(text)
        if text.hasPrefix("oci:") { return .layout(text.dropFirst(4)) }
        if text.hasPrefix("oci-archive:") { return .layoutArchive(text.dropFirst(12)) }
        return text.hasPrefix("docker-archive:") ? .archive(text.dropFirst(15)) : nil
    }

    /// A colon after the last slash begins a tag.
    private static func splitTag(
        _ name: Substring, of text: String
    ) throws(ContainerImageError) -> (Substring, tag: String?) {
        guard let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") else { return (name, nil) }
        let tag = name[name.index(after: colon)...]
        let isTag = { (byte: UInt8) in Self.isAlphanumeric(byte) || "_.-".utf8.contains(byte) }
        guard (1...128).contains(tag.utf8.count), tag.utf8.allSatisfy(isTag), let first = tag.utf8.first,
            isAlphanumeric(first) || first == UInt8(ascii: "_")
        else { throw invalid(text, "'\(tag.prefix(140))' is no tag") }
        return (name[..<colon], String(tag))
    }

    private static func absolute(_ path: Substring, in text: String) throws(ContainerImageError) -> String {
        guard path.hasPrefix("/") else { throw invalid(text, "the path has to be absolute") }
        return String(path)
    }

    private static func registry(_ name: Substring, of text: String) throws(ContainerImageError) -> Place {
        guard let slash = name.firstIndex(of: "/"), isHost(name[..<slash]) else {
            throw invalid(
                text,
                "it names no registry: HOST[:PORT]/NAME[:TAG], oci:DIRECTORY, oci-archive:FILE or docker-archive:FILE")
        }
        let path = name[name.index(after: slash)...]
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard path.utf8.count <= 255, parts.allSatisfy(isComponent) else {
            throw invalid(
                text,
                "'\(path.prefix(260))' is no name in a registry: lower-case letters, digits, and . _ - / between them")
        }
        return .registry(host: String(name[..<slash]), name: String(path))
    }

    /// `name`, `name:port`, `[v6]:port`.
    private static func isHost(_ text: Substring) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 255 else { return false }
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]"), end != text.index(after: text.startIndex) else { return false }
            let isAddress = text[..<end].dropFirst().utf8.allSatisfy { isHexadecimal($0) || ".:".utf8.contains($0) }
            let rest = text[text.index(after: end)...]
            return isAddress && (rest.isEmpty || (rest.hasPrefix(":") && isPort(rest.dropFirst())))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let labels = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, labels.allSatisfy(isLabel), parts.count == 1 || isPort(parts[1]) else { return false }
        return parts.count == 2 || labels.count > 1 || text == "localhost"
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (48...57).contains($0) } && (Int(text).map { (1...65_535).contains($0) } ?? false)
    }

    private static func isLabel(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        return text.utf8.count <= 63 && isAlphanumeric(first) && isAlphanumeric(last)
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    /// Letters and digits, with `.`, `_`, `__` or any number of `-` between them.
    private static func isComponent(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, isLower(first), isLower(last) else {
            return false
        }
        let separators = text.utf8.split(whereSeparator: isLower)
        return separators.allSatisfy { separator in
            let bytes = String(Substring(separator))
            return bytes == "." || bytes == "_" || bytes == "__" || bytes.utf8.allSatisfy { $0 == UInt8(ascii: "-") }
        }
    }

    private static func isLower(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...122).contains(byte) }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLower(byte) || (65...90).contains(byte) }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...102).contains(byte | 0x20)
    }

    /// AWS's words, and what is wrong.
    private static func invalid(_ text: String, _ reason: String) -> ContainerImageError {
        ContainerImageError(
            .badReference, "Source image \(text.prefix(300)) is not valid. Provide a valid source image.", cause: reason
        )
    }
}
