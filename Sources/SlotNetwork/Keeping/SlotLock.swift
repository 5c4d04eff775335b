import Glibc
internal import LinuxKit
internal import SystemPackage

/// The right to a server's slots, against other processes (flock(2)): the kernel drops it when the holder dies.
final class SlotLock: Sendable {
    private let file: OwnedDescriptor

    private init(_ file: consuming OwnedDescriptor) { self.file = file }

    /// Gives it to others while the object lives on.
    func release() { _ = file.withRaw { flock($0, LOCK_UN) } }

    /// Nil while another process has it.
    static func take(in directory: FilePath) throws(NetworkError) -> SlotLock? {
        let path = directory.appending("lock")
        do throws(Errno) {
            let file = try OwnedDescriptor.open(path, .readWrite, options: [.create, .noFollow])
            try file.withRaw { raw throws(Errno) in _ = try syscall { flock(raw, LOCK_EX | LOCK_NB) } }
            return SlotLock(file)
        } catch .wouldBlock {
            return nil
        } catch {
            throw NetworkError("lock \(path)", error)
        }
    }
}
