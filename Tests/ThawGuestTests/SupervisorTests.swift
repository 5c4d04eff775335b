import Glibc
import GuestProtocol
import LinuxKit
import SystemPackage
import TestSupport
import Testing

/// Answers every event with itself.
private let echo = """
    print("init")
    call("GET", "restore/next")
    print("restored")
    while True:
        request, event = call("GET", "invocation/next")
        print("event", len(event))
        call("POST", f"invocation/{request}/response", event)
    """

@Suite(.requiresFile(GuestUnderTest.program.string, "swift build --product ThawGuest"))
struct SupervisorTests {
    @Test("a function is initialised, frozen, rehearsed, thawed, invoked and stopped")
    func life() throws {
        let guest = try GuestUnderTest()
        try guest.initialize(echo)
        #expect(try guest.next() == .initialized(.restoreNext))
        #expect(guest.output == "init\n")
        try guest.send(.freeze)
        #expect(try guest.next() == .frozen)
        try guest.send(.rehearse)
        #expect(try guest.next() == .rehearsed)
        try guest.send(.thaw(.sample))
        #expect(try guest.next() == .thawed)
        #expect(try guest.next() == .restored)
        #expect(guest.output == "init\nrestored\n")
        try guest.send(.invoke(.sample("1")))
        #expect(try guest.next() == .response(requestID: "1", payload: Array("{}".utf8)))
        #expect(try guest.next().isIdle)
        #expect(guest.output == "init\nrestored\nevent 2\n")
        #expect(try guest.stop()?.reason == .exited(status: 0))
    }

    @Test("a runtime that knows no restores goes the same way")
    func notInterested() throws {
        let guest = try GuestUnderTest()
        try guest.initialize(#"request, event = call("GET", "invocation/next"); time.sleep(100)"#)
        #expect(try guest.next() == .initialized(.invocationNext))
        try guest.send(.freeze)
        #expect(try guest.next() == .frozen)
        try guest.send(.thaw(.sample))
        #expect(try guest.next() == .thawed)
        #expect(try guest.next() == .restored)
        #expect(try guest.stop()?.reason == .exited(status: 0))
    }

    @Test("events and answers of the greatest size pass both ways, and an invocation may be queued ahead")
    func greatPayload() throws {
        let guest = try GuestUnderTest()
        try guest.initialize(echo)
        #expect(try guest.next() == .initialized(.restoreNext))
        try guest.send(.freeze)
        #expect(try guest.next() == .frozen)
        let payload = [UInt8](repeating: UInt8(ascii: "7"), count: 6_291_556)
        try guest.send(.thaw(.sample))
        try guest.send(.invoke(.sample("big", payload: payload)))
        #expect(try guest.next() == .thawed)
        #expect(try guest.next() == .restored)
        #expect(try guest.next() == .response(requestID: "big", payload: payload))
        #expect(try guest.next().isIdle)
    }

    @Test("a streamed answer comes in parts, and no more of them than the host has asked for")
    func parts() throws {
        let guest = try GuestUnderTest()
        try guest.initialize(
            """
            request, event = call("GET", "invocation/next")
            def pieces():
                for _ in range(16): yield bytes(1 << 16)
            mode = {"Lambda-Runtime-Function-Response-Mode": "streaming", "Content-Type": "text/plain"}
            call("POST", f"invocation/{request}/response", pieces(), mode)
            call("GET", "invocation/next")
            """)
        #expect(try guest.next() == .initialized(.invocationNext))
        try guest.send(.invokeInParts(.sample("1")))
        #expect(try guest.next() == .responseBegan(requestID: "1", contentType: "text/plain"))
        var (total, unconfirmed) = (0, 0)
        while total < 1 << 20 {
            guard case .responsePart("1", let bytes) = try guest.next() else {
                Issue.record("the guest said something else after \(total) bytes")
                return
            }
            #expect(unconfirmed < ResponseWindow.bytes)
            total += bytes.count
            unconfirmed += bytes.count
            if unconfirmed >= ResponseWindow.bytes {
                unconfirmed = 0
                try guest.send(.moreParts(requestID: "0"))
                try guest.send(.moreParts(requestID: "1"))
            }
        }
        #expect(total == 1 << 20)
        #expect(try guest.next() == .responseEnded(requestID: "1"))
        #expect(try guest.next().isIdle)
    }

    @Test("while frozen the runtime does not run")
    func frozen() throws {
        let guest = try GuestUnderTest()
        try guest.initialize(
            """
            ticked = threading.Event()
            def tick():
                while True: os.write(1, b"tick\\n"); ticked.set(); time.sleep(0.001)
            threading.Thread(target=tick, daemon=True).start()
            call("GET", "restore/next")
            ticked.clear()
            ticked.wait()
            call("GET", "invocation/next")
            """)
        #expect(try guest.next() == .initialized(.restoreNext))
        try guest.send(.freeze)
        #expect(try guest.next() == .frozen)
        let before = guest.output
        // The rehearsal takes longer than many ticks would.
        try guest.send(.rehearse)
        #expect(try guest.next() == .rehearsed)
        #expect(guest.output == before)
        try guest.send(.thaw(.sample))
        #expect(try guest.next() == .thawed)
        #expect(try guest.next() == .restored)
        #expect(guest.output.count > before.count)
    }

    static let endings: [(String, ExitReason)] = [
        ("sys.exit(3)", .exited(status: 3)), ("os.kill(os.getpid(), signal.SIGKILL)", .killed(signal: 9)),
        ("os.kill(os.getpid(), signal.SIGSEGV)", .killed(signal: 11)),
    ]

    @Test("a runtime that ends is reported with its last words", arguments: endings)
    func ending(_ code: String, _ reason: ExitReason) throws {
        let guest = try GuestUnderTest()
        try guest.initialize("print('last words')\n\(code)")
        #expect(try guest.next() == .runtimeExited(reason))
        #expect(guest.output == "last words\n")
        try guest.send(.invoke(.sample("late")))
        #expect(try guest.stop()?.reason == .exited(status: 0))
    }

    static let failures: [(String, GuestMessage)] = [
        (
            #"call("POST", "init/error", b"{}", {"Lambda-Runtime-Function-Error-Type": "Runtime.BadFunctionCode"})"#,
            .initializationFailed(RuntimeFailure(errorType: "Runtime.BadFunctionCode", body: Array("{}".utf8)))
        ),
        (
            #"call("POST", "init/error", b"not json", {"Lambda-Runtime-Function-Error-Type": "odd"})"#,
            .initializationFailed(RuntimeFailure(errorType: "Runtime.Unknown", body: Array("not json".utf8)))
        ),
    ]

    @Test("an init error is passed on before the end", arguments: failures)
    func initError(_ code: String, _ message: GuestMessage) throws {
        let guest = try GuestUnderTest()
        try guest.initialize(code)
        #expect(try guest.next() == message)
        #expect(try guest.next() == .runtimeExited(.exited(status: 0)))
    }

    @Test("a restore error is passed on")
    func restoreError() throws {
        let guest = try GuestUnderTest()
        try guest.initialize(
            """
            call("GET", "restore/next")
            call("POST", "restore/error", b"{}", {"Lambda-Runtime-Function-Error-Type": "Runtime.AfterRestoreError"})
            """)
        #expect(try guest.next() == .initialized(.restoreNext))
        try guest.send(.freeze)
        #expect(try guest.next() == .frozen)
        try guest.send(.thaw(.sample))
        #expect(try guest.next() == .thawed)
        let failure = RuntimeFailure(errorType: "Runtime.AfterRestoreError", body: Array("{}".utf8))
        #expect(try guest.next() == .restoreFailed(failure))
    }

    @Test("a program that cannot be started is reported with the reason", arguments: ["/nonexistent/runtime", "/", ""])
    func notStarted(_ program: String) throws {
        let guest = try GuestUnderTest()
        try guest.initialize(arguments: [program])
        guard case .runtimeExited(.notStarted(program, let code)) = try guest.next() else {
            Issue.record("no exit was reported")
            return
        }
        #expect(code == (program == "/" ? EACCES : ENOENT))
        #expect(guest.output.contains("cannot start"))
    }

    @Test("a working directory that is not there is reported")
    func noWorkingDirectory() throws {
        let guest = try GuestUnderTest()
        try guest.initialize(arguments: ["/bin/sh"], workingDirectory: "/nonexistent")
        #expect(try guest.next() == .runtimeExited(.noWorkingDirectory("/nonexistent", errno: ENOENT)))
    }

    @Test("a runtime that ignores SIGTERM is killed after the grace, one that obeys ends before it")
    func grace() throws {
        let stubborn = try GuestUnderTest()
        try stubborn.initialize(#"signal.signal(signal.SIGTERM, signal.SIG_IGN); call("GET", "restore/next")"#)
        #expect(try stubborn.next() == .initialized(.restoreNext))
        #expect(try stubborn.stop(graceMilliseconds: 50)?.reason == .exited(status: 0))
        let obedient = try GuestUnderTest()
        try obedient.initialize(#"call("GET", "restore/next")"#)
        #expect(try obedient.next() == .initialized(.restoreNext))
        try obedient.send(.stop(graceMilliseconds: 60_000))
        #expect(try obedient.next() == .runtimeExited(.killed(signal: SIGTERM)))
        #expect(try obedient.child.waitBlocking(atMost: .seconds(20))?.reason == .exited(status: 0))
    }

    @Test("output beyond what the host reads waits in the runtime, and none is lost")
    func backPressure() throws {
        let guest = try GuestUnderTest()
        try guest.initialize(#"os.write(1, b"x" * 8_000_000); call("GET", "restore/next")"#)
        // Nothing is read here until the runtime must have filled every buffer on the way.
        #expect(try guest.next() == .initialized(.restoreNext))
        #expect(guest.output.utf8.count == 8_000_000)
    }

    static let outOfTurnRows: [HostMessage] = [.freeze, .rehearse, .thaw(.sample), .invoke(.sample("1"))]

    @Test("what makes no sense before initialize is a fault, not a crash", arguments: outOfTurnRows)
    func outOfTurn(_ message: HostMessage) throws {
        let guest = try GuestUnderTest()
        #expect(try guest.next().isHello)
        try guest.send(message)
        #expect(try guest.next().isFault)
        #expect(try guest.stop()?.reason == .exited(status: 0))
    }

    @Test("a second invocation while one runs, and a thaw without a freeze, are faults")
    func outOfTurnLater() throws {
        let guest = try GuestUnderTest()
        try guest.initialize(#"call("GET", "invocation/next"); time.sleep(100)"#)
        #expect(try guest.next() == .initialized(.invocationNext))
        try guest.send(.thaw(.sample))
        #expect(try guest.next() == .fault("thaw came while nothing was frozen"))
        try guest.send(.invoke(.sample("1")))
        try guest.send(.invoke(.sample("2")))
        #expect(try guest.next().isFault)
    }

    static let nonsenseRows: [[UInt8]] = [
        [2, 0, 0, 0, 9, 2], [2, 0, 0, 0, 1, 99], [3, 0, 0, 0, 1, 2, 0], [6, 0, 0, 0, 1, 1, 255, 255, 255, 255],
        [255, 255, 255, 255], [0, 0, 0, 0],
    ]

    @Test("bytes that are no message are a fault", arguments: nonsenseRows)
    func nonsense(_ bytes: [UInt8]) throws {
        let guest = try GuestUnderTest()
        #expect(try guest.next().isHello)
        try guest.send(bytes)
        #expect(try guest.next().isFault)
    }
}
