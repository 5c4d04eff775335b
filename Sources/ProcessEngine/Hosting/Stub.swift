import GuestProtocol
import LinuxKit
import RuntimeAPI
import Sandboxes
import SystemPackage

final class EngineLoop: Sendable {
    init() throws(Errno) {}
    func shutdown() async {}
    func perform(_ work: @escaping @Sendable () -> Void) {}
}
final class LoopWatch: Sendable {
    init(_ loop: EngineLoop, _ d: SharedDescriptor, _ i: EventQueue.Interest, _ handler: @escaping @Sendable (EventQueue.Event) -> Void) throws(Errno) {}
    func cancel() {}
}

final class RuntimeEndpoint: Sendable {
    static let port: UInt16 = 9001
    struct ProcessSide: Sendable { var connection, standardOutput, standardError: SharedDescriptor }
    static func open() throws(Errno) -> RuntimeEndpoint { RuntimeEndpoint() }
    let standardOutputInode: UInt64 = 0, standardErrorInode: UInt64 = 0
    func takeProcessSide() -> ProcessSide? { nil }
}
enum BlockingCall: String, Sendable { case restoreNext, invocationNext, layerNext }

final class HostedRuntime: Sendable {
    struct Quiescence { var call: BlockingCall; var clientPort: UInt16 }
    init(booting: RuntimeEndpoint, loop: EngineLoop, isSnapStart: Bool, servesLayer: Bool = false, outOfMemoryKills: @escaping @Sendable () -> UInt64) throws(Errno) {}
    init(cloneBlockedIn: BlockingCall, endpoint: RuntimeEndpoint, loop: EngineLoop, isSnapStart: Bool, outOfMemoryKills: @escaping @Sendable () -> UInt64) throws(Errno) {}
    func deliverOutput(to: @escaping OutputSink) throws(Errno) {}
    func adopt(_ process: ChildProcess) throws(Errno) {}
    func setCredentials(_: Credentials) {}
    func waitUntilReady(within: Duration) async throws(SandboxError) -> ReadyCall { .restoreNext }
    func waitUntilLayered(within: Duration) async throws(SandboxError) {}
    func startFromLayer(_ json: [UInt8]) throws(SandboxError) {}
    func release(_ uniqueness: Uniqueness) throws(SandboxError) {}
    func waitUntilRestored(within: Duration) async throws(SandboxError) {}
    func invoke(_: Invocation, deadline: Duration) async throws(SandboxError) -> InvocationResult { .response([]) }
    func waitUntilIdle() async throws(SandboxError) -> UInt64 { 0 }
    var isUsable: Bool { true }
    func quiesce() throws(SandboxError) -> Quiescence { .init(call: .restoreNext, clientPort: 0) }
    func drainOutput() {}
    func end(_ error: SandboxError = .destroyed) {}
}
