import LinuxKit
import ProcessImages
import TestSupport
import Testing

/// What a program has set, two clones of it have too, and a clone of a clone.
@Suite(.requiresRoot) struct CarryingTests {
    /// - Parameter ownsScratch: whether the program and each clone have a /tmp of their own.
    private func check(_ state: CarriedState, ownsScratch: Bool = false) throws -> [String] {
        try ProgramCheck(program: state.program, ownsScratch: ownsScratch).problems { report, _ in
            report.hasScratch == ownsScratch ? nil : "what is in /tmp was not written"
        }
    }

    @Test("an option of a socket is carried", arguments: CarriedState.options)
    func options(state: CarriedState) async throws {
        #expect(try await BlockingThread.run { try check(state) } == [])
    }

    @Test("a file of a process's own is carried", arguments: CarriedState.files)
    func files(state: CarriedState) async throws {
        #expect(try await BlockingThread.run { try check(state, ownsScratch: true) } == [])
    }

    @Test("a setting of a process or its memory is carried", arguments: CarriedState.others)
    func settings(state: CarriedState) async throws {
        #expect(try await BlockingThread.run { try check(state) } == [])
    }
}
