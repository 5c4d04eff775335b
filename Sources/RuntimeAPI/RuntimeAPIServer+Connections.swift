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

    private func accept() {
        // Neither nonblocking nor close-on-exec: every call says MSG_DONTWAIT, and a child gets only what its plan names.
        let raw = listener.withRaw { Glibc.accept($0, nil, nil) }
        guard raw >= 0 else { return }
        guard let connection = try? add(OwnedDescriptor(adopting: raw)) else { return }
        // The listener defers acceptance until data is there: reading now saves a turn of the loop.
        read(connection)
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

    private func read(_ connection: Connection) {
        switch connection.receive(scratch) {
        case .bytes:
            // While a call blocks, a well-behaved client sends nothing more.
            guard connection !== blocked else {
                if connection.parser.buffered > 1 << 20 { close(connection) }
                return
            }
            serve(connection)
        case .nothing: return
        case .end: close(connection)
        }
    }

    /// Answers every whole request that has arrived, until one blocks.
    func serve(_ connection: Connection) {
        while !connection.hasUnsent, connection !== blocked, connections[slot(of: connection)] === connection {
            do throws(HTTPError) {
                guard let request = try connection.parser.next() else {
                    if connection.parser.awaitsContinue {
                        connection.parser.continued()
                        if !connection.send(ResponseText.continueFirst) { close(connection) }
                    }
                    return
                }
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
        let slot = slot(of: connection)
        if connections[slot] === connection { connections[slot] = nil }
    }

    private func slot(of connection: Connection) -> Int { Int(connection.token & Self.slotMask) }
}
