import Foundation
internal import LinuxKit
package import SystemPackage

/// What a pool has measured about itself, in a file beside its keep, for those who look on from other processes.
package struct SlotReport: Sendable, Codable, Equatable {
    package var claims: DurationHistogram
    package var builds: DurationHistogram
    package var resets: DurationHistogram

    init(_ statistics: SlotStatistics) {
        claims = statistics.claims
        builds = statistics.builds
        resets = statistics.resets
    }

    private static func file(in directory: FilePath) -> FilePath { directory.appending("report.json") }

    /// The last one that was published; nil when there is none.
    package static func read(from directory: FilePath) -> SlotReport? {
        guard let bytes = try? SmallFile.bytes(file(in: directory)) else { return nil }
        return try? JSONDecoder().decode(SlotReport.self, from: Data(bytes))
    }

    func write(to directory: FilePath) {
        guard let bytes = try? JSONEncoder().encode(self) else { return }
        // Whoever reads sees a whole one: it is put in the old one's place. It need not survive anything.
        let (path, new) = (Self.file(in: directory), directory.appending("report.new"))
        try? OwnedDescriptor.open(new, .writeOnly, options: [.create, .truncate]).writeAll(bytes)
        try? DurableFile.rename(new, to: path)
    }

    static func remove(from directory: FilePath) { try? DurableFile.remove(file(in: directory)) }
}
