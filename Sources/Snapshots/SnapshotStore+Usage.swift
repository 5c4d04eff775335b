internal import LinuxKit
internal import SystemPackage

extension SnapshotStore {
    /// How many snapshots there are, and what their files take on disk, holes excluded. Blocks; what vanishes meanwhile is not counted.
    package func usage() -> (count: Int, bytes: Int64) {
        let ids = (try? list()) ?? []
        var bytes: Int64 = 0
        for id in ids {
            let place = directory.appending(id.description)
            for name in (try? Directory.entries(place)) ?? [] {
                if let status = try? FileStatus.of(place.appending(name)) { bytes += status.allocatedBytes }
            }
        }
        return (ids.count, bytes)
    }
}
