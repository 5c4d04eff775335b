import LinuxKit
import Sandboxes
import SystemPackage

/// What a host says about its ids: who has which, and which are for namespaces.
package struct SubordinateFiles: Sendable {
    package var users: FilePath
    package var groups: FilePath
    package var passwords: FilePath
    package var groupNames: FilePath

    package init(in directory: FilePath) {
        users = directory.appending("subuid")
        groups = directory.appending("subgid")
        passwords = directory.appending("passwd")
        groupNames = directory.appending("group")
    }

    package static let host = SubordinateFiles(in: "/etc")

    /// By the first line `NAME:START:COUNT` of a file; nil when there is none, or no file.
    func range(of name: String, in file: FilePath) throws(ServerError) -> IDRange? {
        for (number, line) in Self.lines(of: file) where line.hasPrefix("\(name):") {
            do throws(IDRange.Flaw) { return try IDRange(line.dropFirst(name.utf8.count + 1)) } catch {
                throw .unusableIDs("\(file), line \(number): '\(line)' \(error.text)")
            }
        }
        return nil
    }

    /// Who else has ids of these: users, groups, and other lines for namespaces.
    func others(in ids: SandboxIDs) -> [String] {
        holders(passwords, "user", ids.users) + namespaces(users, ids.users) + holders(groupNames, "group", ids.groups)
            + namespaces(groups, ids.groups)
    }

    /// Lines `NAME:PASSWORD:ID:…`.
    private func holders(_ file: FilePath, _ kind: String, _ range: IDRange) -> [String] {
        Self.lines(of: file).compactMap { _, line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count > 2, let id = UInt64(fields[2]), range.all.contains(id) else { return nil }
            return "\(kind) \(fields[0]) (\(id))"
        }
    }

    private func namespaces(_ file: FilePath, _ range: IDRange) -> [String] {
        Self.lines(of: file).compactMap { _, line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 3, fields[0] != SandboxIDs.name, let first = UInt64(fields[1]),
                let count = UInt64(fields[2]), count > 0, first <= range.all.upperBound,
                first.addingReportingOverflow(count - 1).overflow || first + count - 1 >= range.all.lowerBound
            else { return nil }
            return "\(fields[0]) (\(first):\(count) in \(file))"
        }
    }

    private static func lines(of file: FilePath) -> [(number: Int, text: Substring)] {
        let text = (try? SmallFile.text(file, limit: 1 << 24)) ?? ""
        return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { ($0 + 1, $1) }
    }
}

extension SandboxIDs {
    private static let subject = "sandbox ids"

    /// What an operator should know of them.
    package func finding(slots: Int, files: SubordinateFiles = .host) -> HostFinding {
        guard slots <= self.slots else {
            return Self.failed(.tooFewIDs(self, needed: slots * SandboxUsers.idsEach))
        }
        let others = files.others(in: self)
        guard !others.isEmpty else { return .good(Self.subject, "\(self)") }
        let shown = others.prefix(3).joined(separator: ", ") + (others.count > 3 ? " …" : "")
        return .warning(
            Self.subject, "\(self); others have some of them: \(shown)",
            remedy: "choose others with --sandbox-ids START:COUNT")
    }

    /// The same for a server that does not run, with ids for one sandbox to try the host with.
    package static func tried(_ chosen: IDRange?, slots: Int) -> (finding: HostFinding, claim: SandboxIDClaim?) {
        do throws(ServerError) {
            let ids = try find(chosen)
            return (ids.finding(slots: slots), try ids.claim(slots: 1))
        } catch {
            return (failed(error), nil)
        }
    }

    private static func failed(_ error: ServerError) -> HostFinding {
        .failed(subject, error.message, remedy: "choose ids with --sandbox-ids START:COUNT")
    }
}
