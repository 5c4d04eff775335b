import Glibc
internal import SystemPackage

extension SQLiteFunctionStore {
    /// Fails where a change could not be written: the database does not give its writer's turn, or its file system has no room or is
    /// read-only. Writes nothing.
    package func checkWritable() async throws(FunctionStoreError) {
        try await write { _ in }
        var status = statvfs()
        guard path.withPlatformString({ statvfs($0, &status) }) == 0 else {
            throw .system("look at", path, Errno(rawValue: errno))
        }
        if status.f_flag & UInt(ST_RDONLY) != 0 { throw .system("write", path, .readOnlyFileSystem) }
        if status.f_bavail == 0 { throw .system("write", path, .noSpace) }
    }
}
