import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// Options of sockets: those that differ from a new socket's are set again in a clone, or refused.
extension DescriptorCapture {
    /// Of the socket whose entry is the last.
    mutating func takeOptions(
        of descriptor: OpenDescriptor, _ state: SocketState, _ socket: borrowing OwnedDescriptor
    ) throws(Errno) {
        guard let entry = entries.last,
            entry.kind != THAW_FD_ENDED.rawValue && entry.kind != THAW_FD_RESET.rawValue
        else { return }
        let found: SocketOptions
        do {
            found = try SocketOptions(of: socket, passingOver: SocketOptionTable.passedOver)
        } catch .permissionDenied {
            return refuse(descriptor, "has a filter that cannot be read (SO_ATTACH_BPF)")
        }
        let usual = try newSocket(like: state)
        var changed = found.values.filter { usual.values[$0.key] != $0.value }.map(\.key)
        if entry.kind == THAW_FD_GIVEN_RUNTIME_API.rawValue {
            changed.removeAll { !SocketOptionTable.chosenForConnections.contains($0) }
        }
        if entry.kind == THAW_FD_CONNECTION.rawValue {
            let chosen = SocketOptionTable.chosenForConnections.union([SocketOptionTable.noDelay])
            changed.removeAll { !chosen.contains($0) }
        }
        changed.sort(by: SocketOptionTable.comesBefore)
        let lock = try SocketOptionTable.bufferLock(of: socket)
        for name in changed { take(name, found.values[name] ?? [], lock: lock, of: descriptor) }
    }

    private mutating func take(
        _ name: SocketOptions.Name, _ value: [UInt8], lock: UInt32, of descriptor: OpenDescriptor
    ) {
        let rule = SocketOptionTable.byName[name]
        switch rule?.fate {
        case .carried where !value.isEmpty: add(name, value)
        case .carriedHalf(let bit):
            if lock & bit != 0, value.count == 4 {
                let size = value.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
                add(name, withUnsafeBytes(of: size / 2, Array.init))
            }
        case .passedOver: break
        case .carried, .refused, nil:
            let title = rule?.title ?? "option \(name.number) of level \(name.level)"
            refuse(descriptor, "is a socket with \(title), which cannot be carried into a clone")
        }
    }

    private mutating func add(_ name: SocketOptions.Name, _ value: [UInt8]) {
        options.append(
            thaw_option(
                descriptor: UInt32(entries.count - 1), level: name.level, name: name.number, size: UInt32(value.count),
                value: table.blob(value)))
    }

    private mutating func newSocket(like state: SocketState) throws(Errno) -> SocketOptions {
        let kind = [state.rawFamily, state.rawKind, state.rawProtocol, state.isListening ? 1 : 0]
        if let known = newSockets[kind] { return known }
        let made = try inNamespace("make a socket") { () throws(Errno) in
            try SocketOptions.ofNew(like: state, passingOver: SocketOptionTable.passedOver)
        }
        newSockets[kind] = made
        return made
    }
}

extension SocketOptionTable {
    /// SO_BUF_LOCK, which every kernel has that Thaw runs on.
    static func bufferLock(of socket: borrowing OwnedDescriptor) throws(Errno) -> UInt32 {
        try socket.withRaw { raw throws(Errno) in
            var value: UInt32 = 0
            var length = socklen_t(MemoryLayout<UInt32>.size)
            try syscall { getsockopt(raw, bufferLock.level, bufferLock.number, &value, &length) }
            return value
        }
    }
}
