import Foundation
import Glibc
import GuestProtocol
import LinuxKit
import Synchronization
import SystemPackage

/// The far ends of one machine's sockets, played by a script on threads of its own, and a process that does nothing.
final class ScriptedMachine: Sendable {
    private let script: Script
    private let process: ChildProcess
    private let control: SharedDescriptor
    private let guest: SharedDescriptor
    private let console: SharedDescriptor
    private let fellSilent: @Sendable (ScriptedMachine) -> Void
    private let silent = Mutex<Set<ObjectIdentifier>>([])

    init(
        _ script: Script, process: ChildProcess, control: SharedDescriptor, guest: SharedDescriptor,
        console: SharedDescriptor, fellSilent: @escaping @Sendable (ScriptedMachine) -> Void
    ) {
        self.script = script
        self.process = process
        self.control = control
        self.guest = guest
        self.console = console
        self.fellSilent = fellSilent
    }

    static func greeting(_ major: Int, _ minor: Int, _ micro: Int) -> String {
        #"{"QMP": {"version": {"qemu": {"micro": \#(micro), "minor": \#(minor), "major": \#(major)}, "#
            + #""package": "scripted"}, "capabilities": ["oob"]}}"#
    }

    /// Plays until the engine has closed its end of all three sockets.
    func play(boots: Bool) async {
        async let control: Void = BlockingThread.run { self.playControl() }
        async let guest: Void = BlockingThread.run { self.playGuest(boots: boots) }
        async let console: Void = BlockingThread.run {
            self.write("[    0.000000] scripted\n".utf8, to: self.console)
            while self.read(self.console) != nil {}
        }
        _ = await (control, guest, console)
    }

    /// Says what it was silent about.
    func answerLate(_ message: GuestMessage) { breakSilence(message.encoded(), on: guest) }
    func answerLate(_ line: String = #"{"return": {}}"#) { breakSilence(Array("\(line)\r\n".utf8), on: control) }

    private func breakSilence(_ bytes: [UInt8], on socket: SharedDescriptor) {
        _ = silent.withLock { $0.remove(ObjectIdentifier(socket)) }
        write(bytes, to: socket)
    }

    // MARK: - The conversation with QEMU

    private func playControl() {
        let (major, minor, micro) = script.version
        say(Self.greeting(major, minor, micro), at: .greeting)
        var unread: [UInt8] = []
        while let bytes = read(control) {
            unread += bytes
            while let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                answer(Array(unread[..<end]))
                unread.removeSubrange(...end)
            }
        }
    }

    private func answer(_ line: [UInt8]) {
        struct Request: Decodable { let execute: String }
        guard let request = try? JSONDecoder().decode(Request.self, from: Data(line)),
            let moment = Script.Moment(rawValue: request.execute)
        else {
            return write(
                Array(#"{"error": {"class": "CommandNotFound", "desc": "unknown to the script"}}"#.utf8), to: control)
        }
        // What no one acts on comes at any time.
        let event = #"{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP"}"#
        let reply = moment == .addDescriptor ? #"{"return": {"fd": 12, "fdset-id": 100}}"# : #"{"return": {}}"#
        say(moment == .stop ? "\(event)\r\n\(reply)" : reply, at: moment)
        if moment == .save || moment == .load {
            say(
                ["active", "completed"].map { #"{"event": "MIGRATION", "data": {"status": "\#($0)"}}"# }
                    .joined(separator: "\r\n"), at: .migrated)
        }
    }

    private func say(_ line: String, at moment: Script.Moment) {
        say(Array("\(line)\r\n".utf8), at: moment, to: control)
    }

    // MARK: - The conversation with the guest

    private func playGuest(boots: Bool) {
        if boots { say(.hello(kernelRelease: "6.1"), at: .hello) }
        var decoder = FrameDecoder()
        while let bytes = read(guest) {
            decoder.append(bytes)
            while let frame = try? decoder.next(), let message = try? HostMessage(frame: frame) { answer(message) }
        }
    }

    private func answer(_ message: HostMessage) {
        switch message {
        case .initialize: say(.initialized(.restoreNext), at: .initialize)
        case .freeze: say(.frozen, at: .freeze)
        case .rehearse: say(.rehearsed, at: .rehearse)
        case .thaw:
            say(.thawed, at: .thaw)
            say(.restored, at: .restored)
        case .invoke(let invocation):
            say(.response(requestID: invocation.requestID, payload: invocation.payload), at: .invoke)
            say(.idle(maximumMemoryBytes: 1 << 20), at: .idle)
        case .invokeInParts(let invocation):
            let (id, part) = (invocation.requestID, invocation.payload)
            let messages: [GuestMessage] = [
                .responseBegan(requestID: id, contentType: "text/plain"), .responsePart(requestID: id, part),
                .responsePart(requestID: id, part), .responseEnded(requestID: id),
            ]
            say(messages.flatMap { $0.encoded() }, at: .invoke, to: guest)
            say(.idle(maximumMemoryBytes: 1 << 20), at: .idle)
        case .moreParts: break
        case .stop: break
        }
    }

    private func say(_ message: GuestMessage, at moment: Script.Moment) {
        say(message.encoded(), at: moment, to: guest)
    }

    // MARK: - Deeds

    private func say(_ bytes: [UInt8], at moment: Script.Moment, to socket: SharedDescriptor) {
        guard silent.withLock({ !$0.contains(ObjectIdentifier(socket)) }) else { return }
        guard let deed = script.departures[moment] else { return write(bytes, to: socket) }
        switch deed {
        case .doesNotStart: break
        case .silent:
            silent.withLock { _ = $0.insert(ObjectIdentifier(socket)) }
            fellSilent(self)
        case .dies: die(by: SIGKILL)
        case .runsOutOfRoom: die(by: SIGBUS)
        case .sends(let other): write(other, to: socket)
        case .floods(let flood): write(flood + bytes, to: socket)
        }
    }

    /// As a process dies: first it is gone, then its ends of the sockets are closed.
    private func die(by signal: CInt) {
        try? process.signal(signal)
        _ = try? process.pidfd.descriptor.wait(for: .readable, atMost: nil)
        for socket in [control, guest, console] { _ = socket.withRaw { shutdown($0, CInt(SHUT_RDWR)) } }
    }

    // MARK: - Sockets

    /// Nil once the engine has closed its end.
    private func read(_ socket: SharedDescriptor) -> [UInt8]? {
        guard let bytes = try? socket.descriptor.read(upTo: 1 << 16), !bytes.isEmpty else { return nil }
        return bytes
    }

    private static let noSignal = CInt(MSG_NOSIGNAL)

    private func write(_ bytes: some Collection<UInt8>, to socket: SharedDescriptor) {
        var left = Array(bytes)[...]
        while !left.isEmpty {
            let sent = left.withUnsafeBytes { buffer in
                socket.withRaw { send($0, buffer.baseAddress, buffer.count, Self.noSignal) }
            }
            // The engine may have closed its end meanwhile, which is its right.
            guard sent > 0 else { return }
            left = left.dropFirst(sent)
        }
    }
}
