internal import Basics
import Glibc
import Synchronization
package import SystemPackage

/// Rings when a cgroup begins to use more memory than a mark of its.
///
/// Version 1 says only that one of the cgroups does, and also when one goes below a mark (an eventfd, by cgroup.event_control);
/// version 2 says which (inotify of memory.events). There the mark is memory.high: who is above it is slowed down until the mark is
/// raised, which gives whoever hears the bell the time to look.
package final class CgroupMemoryBell: Sendable {
    package let version: CgroupVersion
    /// Readable when it has rung.
    package let descriptor: SharedDescriptor
    private let names = Mutex<[CInt: String]>([:])

    package init(_ version: CgroupVersion) throws(Errno) {
        self.version = version
        let made =
            switch version {
            case .one: try OwnedDescriptor.event()
            case .two: try OwnedDescriptor { inotify_init1(CInt(IN_CLOEXEC | IN_NONBLOCK)) }
            }
        descriptor = made.shared()
    }

    /// What ends the bell's interest in a cgroup: before that is removed.
    package struct Tie: Sendable { fileprivate let watch: CInt? }

    /// Listens to `cgroup`; in version 1 each ``setMark(_:of:)`` does.
    package func tie(to cgroup: Cgroup) throws(CgroupError) -> Tie {
        guard version == .two, let file = cgroup.memory?.appending("memory.events") else { return Tie(watch: nil) }
        let number = descriptor.withRaw { raw in
            file.withPlatformString { inotify_add_watch(raw, $0, UInt32(IN_MODIFY)) }
        }
        guard number >= 0 else {
            throw CgroupError(
                code: .refused, path: file, errno: Errno(rawValue: errno), message: "cannot watch \(file)")
        }
        names.withLock { $0[number] = cgroup.name }
        return Tie(watch: number)
    }

    package func untie(_ tie: Tie) {
        guard let number = tie.watch else { return }
        names.withLock { $0[number] = nil }
        _ = descriptor.withRaw { inotify_rm_watch($0, number) }
    }

    /// Sets a mark, in bytes: the only one in version 2, one more in version 1, which waits some 20 ms for it. Blocks.
    package func setMark(_ bytes: UInt64, of cgroup: Cgroup) throws(CgroupError) {
        guard let memory = cgroup.memory else { return }
        switch version {
        case .two: try SmallFile.setCgroup(memory.appending("memory.high"), to: "\(bytes)")
        case .one:
            let usage = memory.appending("memory.usage_in_bytes")
            let file = try rethrowing(try OwnedDescriptor.open(usage, .readOnly).shared()) {
                CgroupError(code: .refused, path: usage, errno: $0, message: "cannot open \(usage)")
            }
            let numbers = descriptor.withRaw { bell in file.withRaw { "\(bell) \($0)" } }
            try SmallFile.setCgroup(memory.appending("cgroup.event_control"), to: "\(numbers) \(bytes)")
        }
    }

    /// Takes the rings: the names of the cgroups of which it knows, nil where it may be any.
    package func heard() -> Set<String>? {
        guard version == .two else {
            _ = try? descriptor.descriptor.read(upTo: 8)
            return nil
        }
        var found: Set<String> = []
        while let bytes = try? descriptor.descriptor.read(upTo: 4096), !bytes.isEmpty {
            let (numbers, isWhole) = Self.watches(in: bytes)
            guard isWhole else { return nil }
            names.withLock { names in found.formUnion(numbers.compactMap { names[$0] }) }
        }
        return found
    }

    /// inotify(7): the watches of the events, and false when some were lost.
    private static func watches(in bytes: [UInt8]) -> (numbers: Set<CInt>, isWhole: Bool) {
        var numbers: Set<CInt> = []
        var position = 0
        bytes.withUnsafeBytes { buffer in
            while position + MemoryLayout<inotify_event>.size <= buffer.count {
                numbers.insert(buffer.loadUnaligned(fromByteOffset: position, as: CInt.self))
                let length = buffer.loadUnaligned(fromByteOffset: position + 12, as: UInt32.self)
                position += MemoryLayout<inotify_event>.size + Int(length)
            }
        }
        // The watch of IN_Q_OVERFLOW.
        return (numbers, !numbers.contains(-1))
    }
}

extension Cgroup {
    /// What its members have written into memory of theirs, and what they and others have in common without a file that could be read
    /// again: tmpfs, memfds, shared memory. In bytes.
    package func unreclaimableBytes() -> (anonymous: UInt64, shared: UInt64)? {
        guard let memory, let text = try? ProcText(of: memory.appending("memory.stat").string) else { return nil }
        let anonymous = version == .two ? "anon " : "rss "
        var found: (anonymous: UInt64?, shared: UInt64?)
        text.forEachLine { line in
            if line.starts(with: anonymous.utf8) { found.anonymous = Self.number(line, after: anonymous) }
            if line.starts(with: "shmem ".utf8) { found.shared = Self.number(line, after: "shmem ") }
        }
        return found.anonymous.map { ($0, found.shared ?? 0) }
    }

    private static func number(_ line: UnsafeBufferPointer<UInt8>, after key: String) -> UInt64? {
        UInt64(String(decoding: line.dropFirst(key.utf8.count), as: UTF8.self))
    }
}
