import CProcessImage
import Glibc
import LinuxKit

extension StateCheck {
    /// Flags that open(2) acts on and does not keep: with them a clone would make or empty files.
    private static let actingFlags = UInt32(O_CREAT | O_EXCL | O_TRUNC)

    func checkDescriptors() throws(ProcessImageError) {
        var last: Int32 = -1
        var ends: [UInt64: Int] = [:]
        for (index, descriptor) in descriptors.enumerated() {
            let name = "fd \(descriptor.number)"
            try StateReader.require(
                descriptor.number > last && descriptor.number < ImageLimit.descriptorNumber,
                "the descriptors are not in order at \(name)")
            last = descriptor.number
            try StateReader.require(
                descriptor.flags & UInt32(O_ACCMODE) != UInt32(O_ACCMODE)
                    && descriptor.flags & Self.actingFlags == 0, "\(name) has impossible flags")
            try check(descriptor, at: index, name)
            if [THAW_FD_PIPE.rawValue, THAW_FD_PAIR.rawValue].contains(descriptor.kind) {
                try checkPairing(of: descriptor, &ends, name)
            }
        }
        try checkConnections()
    }

    /// Each has two ends.
    private func checkConnections() throws(ProcessImageError) {
        var ends: [UInt64: Int] = [:]
        for descriptor in descriptors where descriptor.kind == THAW_FD_CONNECTION.rawValue {
            ends[descriptor.id, default: 0] += 1
        }
        try StateReader.require(ends.values.allSatisfy { $0 == 2 }, "a connection does not have two ends")
        try StateReader.require(
            ends.isEmpty == (header.own & THAW_OWN_CONNECTIONS.rawValue == 0), "its connections are not announced")
    }

    private func checkConnection(_ descriptor: thaw_descriptor, _ name: String) throws(ProcessImageError) {
        try StateReader.require(
            [AF_INET, AF_INET6].contains { UInt64($0) == descriptor.a } && descriptor.protocol <= 1,
            "\(name) is a connection of family \(descriptor.a)")
        try checkAddress(at: descriptor.path, descriptor.position, of: descriptor, name)
        try checkAddress(at: descriptor.b, descriptor.position, of: descriptor, name)
        try StateReader.require(descriptor.interval <= 1 << 20, "\(name) has \(descriptor.interval) unread bytes")
        if descriptor.interval > 0 { _ = try bytes.blob(at: descriptor.value, descriptor.interval, name) }
    }

    private func check(_ descriptor: thaw_descriptor, at index: Int, _ name: String) throws(ProcessImageError) {
        switch thaw_descriptor_kind(descriptor.kind) {
        case THAW_FD_SAME:
            guard descriptor.a < UInt64(index), descriptors[Int(descriptor.a)].kind != THAW_FD_SAME.rawValue else {
                throw StateReader.invalid("\(name) duplicates no earlier descriptor")
            }
        case THAW_FD_PATH:
            try bytes.checkPath(at: descriptor.path, name)
            try StateReader.require(descriptor.position < 1 << 63, "\(name) stands at \(descriptor.position)")
        case THAW_FD_OBJECT:
            try StateReader.require(
                descriptor.position < 1 << 63 && descriptor.a < UInt64(objects.count),
                "\(name) stands at \(descriptor.position) of object \(descriptor.a)")
        case THAW_FD_EVENT:
            try StateReader.require(
                descriptor.position < .max && descriptor.a <= 1, "\(name) has an impossible count")
        case THAW_FD_TIMER:
            // CLOCK_REALTIME, _MONOTONIC, _BOOTTIME and their alarms.
            try StateReader.require(
                [0, 1, 7, 8, 9].contains(descriptor.a) && isTime(descriptor.value) && isTime(descriptor.interval),
                "\(name) has an impossible timer")
        case THAW_FD_PIPE: try checkPipe(descriptor, name)
        case THAW_FD_LISTENER, THAW_FD_DATAGRAM: try checkSocket(descriptor, name)
        case THAW_FD_PAIR:
            try StateReader.require(
                [SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET].contains { UInt64($0.rawValue) == descriptor.a },
                "\(name) is a socket of type \(descriptor.a)")
        case THAW_FD_CONNECTION: try checkConnection(descriptor, name)
        case THAW_FD_RESET:
            try StateReader.require(
                [AF_INET, AF_INET6].contains { UInt64($0) == descriptor.a },
                "\(name) is a connection of family \(descriptor.a)")
        case THAW_FD_ENDED:
            try StateReader.require(
                descriptor.a == UInt64(SOCK_STREAM.rawValue), "\(name) is a socket of type \(descriptor.a)")
        case THAW_FD_EPOLL, THAW_FD_SIGNAL, THAW_FD_NOTIFIER, THAW_FD_GIVEN_OUTPUT, THAW_FD_GIVEN_ERROR,
            THAW_FD_INHERITED:
            break
        case THAW_FD_GIVEN_RUNTIME_API:
            try StateReader.require(
                !descriptors.prefix(index).contains { $0.kind == descriptor.kind }, "\(name) is a second Runtime API")
        default: throw StateReader.invalid("\(name) is of the unknown kind \(descriptor.kind)")
        }
    }

    private func checkContent(of descriptor: thaw_descriptor, _ name: String) throws(ProcessImageError) {
        guard descriptor.a > 0 else { return }
        _ = try bytes.blob(at: descriptor.path, descriptor.a, name)
    }

    private func checkPipe(_ descriptor: thaw_descriptor, _ name: String) throws(ProcessImageError) {
        try StateReader.require(
            descriptor.flags & UInt32(O_ACCMODE) != UInt32(O_RDWR), "\(name) is both ends of a pipe")
        try StateReader.require(
            1...ImageLimit.pipeCapacity ~= descriptor.b && descriptor.a <= descriptor.b,
            "\(name) is a pipe with \(descriptor.a) of \(descriptor.b) bytes")
        try checkContent(of: descriptor, name)
    }

    private func checkSocket(_ descriptor: thaw_descriptor, _ name: String) throws(ProcessImageError) {
        let isListener = descriptor.kind == THAW_FD_LISTENER.rawValue
        let families = [AF_INET, AF_INET6] + (isListener ? [AF_UNIX] : [])
        let protocols =
            !isListener
            ? [CInt(IPPROTO_UDP)] : descriptor.a == UInt64(AF_UNIX) ? [0] : DescriptorCapture.streamProtocols
        try StateReader.require(
            families.contains { UInt64($0) == descriptor.a } && protocols.contains { UInt32($0) == descriptor.protocol }
                && (!isListener || descriptor.b <= 1 << 31 - 1), "\(name) is an unknown socket")
        if !isListener, descriptor.b > 0 { try checkAddress(at: descriptor.id, descriptor.b, of: descriptor, name) }
        guard isListener || descriptor.position > 0 else { return }
        try checkAddress(at: descriptor.path, descriptor.position, of: descriptor, name)
    }

    private func checkAddress(
        at place: UInt64, _ size: UInt64, of descriptor: thaw_descriptor, _ name: String
    ) throws(ProcessImageError) {
        try StateReader.require(2...128 ~= size, "\(name) has an impossible address")
        let address = try bytes.blob(at: place, size, name)
        try StateReader.require(
            address.loadUnaligned(as: UInt16.self) == UInt16(descriptor.a), "\(name) has an address of another family")
    }

    /// A socket pair has two ends; a pipe's content stands with its first.
    private func checkPairing(
        of descriptor: thaw_descriptor, _ ends: inout [UInt64: Int], _ name: String
    ) throws(ProcessImageError) {
        let isPipe = descriptor.kind == THAW_FD_PIPE.rawValue
        // Pipes and sockets are numbered apart.
        let identity = descriptor.id &* 2 &+ (isPipe ? 1 : 0)
        try StateReader.require(descriptor.id < 1 << 62, "\(name) has an impossible identity")
        let known = ends[identity, default: 0]
        ends[identity] = known + 1
        if isPipe {
            try StateReader.require(known == 0 || descriptor.a == 0, "\(name) repeats the content of its pipe")
        } else {
            try StateReader.require(known < 2, "\(name) is a third end of one pair")
        }
    }

    // MARK: - What refers to descriptors, and what threads are sent

    func checkOptions() throws(ProcessImageError) {
        let sockets = [
            THAW_FD_LISTENER, THAW_FD_DATAGRAM, THAW_FD_PAIR, THAW_FD_GIVEN_RUNTIME_API, THAW_FD_CONNECTION,
        ].map(\.rawValue)
        var last: UInt32 = 0
        for option in options {
            let index = Int(option.descriptor)
            try StateReader.require(
                option.descriptor >= last && index < descriptors.count && sockets.contains(descriptors[index].kind),
                "option \(option.name) is of no socket")
            last = option.descriptor
            let name = "option \(option.name) of fd \(descriptors[index].number)"
            let known = SocketOptions.Name(option.level, option.name)
            try StateReader.require(SocketOptionTable.isCarried(known), "\(name) is not one that is carried")
            let isFilter = known == SocketOptions.filter
            let size = Int(option.size)
            try StateReader.require(
                isFilter
                    ? size % SocketOptions.filterInstruction == 0 && 8...SocketOptions.largestValue ~= size
                    : 1...256 ~= size, "\(name) has \(option.size) bytes")
            _ = try bytes.blob(at: option.value, UInt64(option.size), name)
        }
    }

    func checkWatches() throws(ProcessImageError) {
        let kinds = kindsOfDescriptors()
        var seen: Set<UInt64> = []
        for watch in watches {
            // Of another process than the first the kinds are known when that is.
            if first == nil { try check(watch) { kinds[$0] } }
            let pair = UInt64(UInt32(bitPattern: watch.epoll)) << 32 | UInt64(UInt32(bitPattern: watch.number))
            try StateReader.require(
                seen.insert(pair).inserted, "fd \(watch.epoll) watches fd \(watch.number) twice")
        }
    }

    func check(_ watch: thaw_watch, of kind: (Int32) -> UInt32?) throws(ProcessImageError) {
        try StateReader.require(
            kind(watch.epoll) == THAW_FD_EPOLL.rawValue, "fd \(watch.epoll) watches and is no epoll")
        guard let kind = kind(watch.number), watch.number != watch.epoll else {
            throw StateReader.invalid("fd \(watch.epoll) watches fd \(watch.number), which is not open")
        }
        // What epoll_ctl(2) refuses.
        try StateReader.require(
            kind != THAW_FD_PATH.rawValue && kind != THAW_FD_OBJECT.rawValue,
            "fd \(watch.epoll) watches the file fd \(watch.number)")
    }

    func checkFileWatches() throws(ProcessImageError) {
        let notifiers = Set(descriptors.filter { $0.kind == THAW_FD_NOTIFIER.rawValue }.map(\.number))
        var last: (descriptor: Int32, number: Int32) = (-1, 0)
        for watch in fileWatches {
            let name = "watch \(watch.number) of fd \(watch.descriptor)"
            try StateReader.require(
                notifiers.contains(watch.descriptor) && 1...ImageLimit.fileWatch ~= watch.number
                    && (watch.descriptor, watch.number) > last, "\(name) has no place")
            last = (watch.descriptor, watch.number)
            try bytes.checkPath(at: watch.path, name)
        }
    }

    func checkSignals() throws(ProcessImageError) {
        var last: UInt64 = 0
        for action in actions {
            try StateReader.require(
                last < action.signal && action.signal <= 64 && action.signal != UInt64(SIGKILL)
                    && action.signal != UInt64(SIGSTOP), "signal \(action.signal) cannot have an action")
            last = action.signal
            try StateReader.require(
                isAddress(action.handler) && isAddress(action.restorer) && !window.contains(action.handler)
                    && action.flags <= UInt64(UInt32.max), "the action of signal \(action.signal) is impossible")
        }
    }

    func checkTimers() throws(ProcessImageError) {
        let tids = Set(threads.map { UInt64($0.tid) })
        var last: Int32 = -1
        for timer in timers {
            try StateReader.require(timer.id > last, "the timers are not in order at \(timer.id)")
            last = timer.id
            let toThread = timer.notify & 4 != 0  // SIGEV_THREAD_ID
            try StateReader.require(
                PosixTimer.clocks.contains(timer.clock) && [0, 1, 2, 4, 6].contains(timer.notify)
                    && (timer.notify == 1 || 1...64 ~= timer.signal) && (!toThread || tids.contains(timer.tid))
                    && isTime(timer.value) && isTime(timer.interval), "timer \(timer.id) is impossible")
        }
    }
}
