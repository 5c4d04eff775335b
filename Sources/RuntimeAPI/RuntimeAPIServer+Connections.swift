internal import Glibc
internal import LinuxKit
internal import SystemPackage

// Connections: from readiness to whole requests, and from answers to bytes sent.

extension RuntimeAPIServer {
    /// Handles one event whose token has ``tokenMark`` set.
    package func process(_ event: EventQueue.Event) {
        guard event.token & Self.slotMask != Self.slotMask else {
            accept()
            return
        }
        // An event of a connection that an earlier event of the same batch has closed is stale.
        let slot = Int(event.token & Self.slotMask)
        guard slot < connections.count, let connection = connections[slot], connection.token == event.token else {
            return
        }
        if connection.hasUnsent {
            guard event.isWritable else {
                if event.isBroken { close(connection) }
                return
            }
            guard connection.flush() else {
                close(connection)
                return
            }
            guard !connection.hasUnsent else { return }
            guard connection.keepAlive else {
                close(connection)
                return
            }
            watch(connection)
            serve(connection)
            return
        }
        read(connection)
    }

    /// Handles what has arrived and is not yet read, for a runtime that has ended: its last words count.
    package func readRest() {
        // The peer is gone, but what it left behind may still send.
        var turns = 0
        while turns < Self.maximumConnections, accept() { turns += 1 }
        for slot in connections.indices {
            turns = 0
            while turns < 1024, let connection = connections[slot], !connection.hasUnsent, !isHeldBack(connection),
                read(connection)
            {
                turns += 1
            }
        }
    }

    /// False when no connection waits.
    @discardableResult
    private func accept() -> Bool {
        // Neither nonblocking nor close-on-exec: every call says MSG_DONTWAIT, and a child gets only what its plan names.
        let raw = listener.withRaw { Glibc.accept($0, nil, nil) }
        guard raw >= 0 else { return false }
        // The listener defers acceptance until data is there: reading now saves a turn of the loop.
        let descriptor = OwnedDescriptor(adopting: raw)
        makeRoom()
        if let connection = try? add(descriptor) { read(connection) }
        return true
    }

    /// Where all places are taken, whoever has been silent longest goes: one that has sent half a request and no more, say. So none of
    /// them needs a limit of time.
    private func makeRoom() {
        guard connections.count == Self.maximumConnections, !connections.contains(where: { $0 == nil }) else { return }
        let silent = connections.compactMap { $0 }.filter {
            !isHeld($0) && $0 !== large && $0 !== parted?.connection
        }
        .min { $0.lastRead < $1.lastRead }
        if let silent { close(silent) }
    }

    /// Watches one more connection; `.tooManyOpenFiles` when the runtime has as many as it may.
    func add(_ descriptor: consuming OwnedDescriptor) throws(Errno) -> Connection {
        let slot = connections.firstIndex { $0 == nil } ?? connections.count
        guard slot < Self.maximumConnections else { throw .tooManyOpenFiles }
        accepted &+= 1
        let connection = Connection(
            descriptor: descriptor, token: tokens | (accepted & 0x1FF_FFFF) << 6 | UInt64(slot))
        try queue.add(connection.descriptor, .readable, token: connection.token)
        if slot == connections.count { connections.append(connection) } else { connections[slot] = connection }
        return connection
    }

    /// False when nothing more has arrived.
    @discardableResult
    private func read(_ connection: Connection) -> Bool {
        switch connection.receive(scratch) {
        case .bytes:
            readings &+= 1
            connection.lastRead = readings
            // While a call blocks, a well-behaved client sends nothing more.
            if !isHeld(connection) {
                serve(connection)
                holdBack(connection)
                // What is left of a large request is no whole one yet: a head.
                if connection.parser.buffered > Self.smallHead { becomeLarge(connection) }
                connection.parser.trim()
            } else if connection.parser.buffered > Self.smallHead {
                close(connection)
            }
            return true
        case .nothing: return false
        case .end:
            close(connection)
            return false
        }
    }

    /// Whether it is one that the platform waits for; what else has a large body is not kept, only counted.
    private func mayBeLarge(_ request: HTTPRequest) -> Bool {
        guard request.method == .post else { return false }
        return switch request.route {
        case .invocationResponse(let id), .invocationError(let id): invocation?.requestIDBytes == id
        case .initError, .restoreError: true
        default: false
        }
    }

    /// Only one request at a time is: the newest, because a client that gives up begins anew.
    private func becomeLarge(_ connection: Connection) {
        guard connections[slot(of: connection)] === connection, large !== connection else { return }
        if let other = large { close(other) }
        large = connection
    }

    /// Answers every whole request that has arrived, until one blocks.
    func serve(_ connection: Connection) {
        while !connection.hasUnsent, !isHeld(connection), connections[slot(of: connection)] === connection {
            do {
                let next = try connection.parser.next(
                    allowing: { request in
                        guard mayBeLarge(request) else { return false }
                        becomeLarge(connection)
                        return true
                    }, inParts: { beginsParts($0, on: connection) })
                if parted != nil { handOn(connection) }
                guard let request = next else {
                    if connection.parser.awaitsContinue {
                        connection.parser.continued()
                        if !connection.send(ResponseText.continueFirst) { close(connection) }
                    }
                    return
                }
                if large === connection { large = nil }
                if !request.keepAlive { connection.closeAfterSending() }
                handle(request, on: connection)
            } catch {
                connection.closeAfterSending()
                answer(connection, ResponseText.refusal(error.status))
                return
            }
        }
    }

    func answer(_ connection: Connection, _ bytes: [UInt8]) {
        finish(connection, sent: connection.send(bytes))
    }

    func answer(_ connection: Connection, _ literal: StaticString) {
        finish(connection, sent: connection.send(literal))
    }

    private func finish(_ connection: Connection, sent: Bool) {
        if !sent || (!connection.hasUnsent && !connection.keepAlive) {
            close(connection)
        } else if connection.hasUnsent {
            watch(connection)
        }
    }

    private func watch(_ connection: Connection) {
        let interest: EventQueue.Interest = connection.hasUnsent ? .writable : .readable
        if (try? queue.modify(connection.descriptor, interest, token: connection.token)) == nil { close(connection) }
    }

    /// Closing the descriptor takes it out of the epoll set.
    func close(_ connection: Connection) {
        if blocked === connection { blocked = nil }
        if !extensions.isEmpty { extensions.lost(connection) }
        if large === connection { large = nil }
        breakOffParts(on: connection)
        let slot = slot(of: connection)
        if connections[slot] === connection { connections[slot] = nil }
    }

    private func slot(of connection: Connection) -> Int { Int(connection.token & Self.slotMask) }
}
