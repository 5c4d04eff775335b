import Foundation
internal import LinuxKit
internal import SystemPackage

/// What a server's slots were built with, noted in their keep: a later server takes them over only if it would build the same.
package struct KeepRecord: Sendable, Equatable, Codable {
    /// Of the kernel programs.
    var programs: String
    var attachment: ProgramAttachment
    var layout: SlotLayout
    var count: Int
    var range: String
    var egress: EgressMode
    var tunnelPort: UInt16
    var trunkSize: Int
    package var hasTunnel: Bool
    var tunnelSource: String?
    var bytesPerSecond: UInt64?
    /// Those that every slot has.
    var addresses: String
}

extension KeepRecord {
    init(_ configuration: SlotConfiguration, range: IPv4Prefix, _ attachment: ProgramAttachment) {
        self.init(
            programs: KernelPrograms.digest, attachment: attachment, layout: configuration.layout,
            count: configuration.count,
            range: range.description, egress: configuration.egress, tunnelPort: configuration.tunnelPort,
            trunkSize: configuration.trunkSize,
            hasTunnel: false, tunnelSource: nil,
            bytesPerSecond: configuration.bytesPerSecond, addresses: SlotAddresses.all)
    }

    /// Whether a server of this configuration would have built the same.
    func fits(_ configuration: SlotConfiguration) -> Bool {
        programs == KernelPrograms.digest && layout == configuration.layout && count == configuration.count
            && egress == configuration.egress && tunnelPort == configuration.tunnelPort
            && trunkSize == configuration.trunkSize
            && bytesPerSecond == configuration.bytesPerSecond && addresses == SlotAddresses.all
            && IPv4Prefix(range).map(configuration.ranges.overlaps) == true
    }

    /// What the keep says; nil when it says nothing that can be read. The calling thread is inside.
    static func read() -> KeepRecord? {
        guard let bytes = try? SmallFile.bytes(NamespaceKeep.record, limit: 65_536) else { return nil }
        return try? JSONDecoder().decode(KeepRecord.self, from: Data(bytes))
    }

    func write() throws(NetworkError) {
        do {
            try DurableFile.write(try JSONEncoder().encode(self), to: NamespaceKeep.record)
        } catch {
            throw NetworkError("note what the slots were built with", (error as? Errno) ?? .ioError)
        }
    }
}
