import LinuxKit
import ProcessImages
import SystemPackage
import TestSupport
import Testing

/// What a program has set, two clones of it have too, and a clone of a clone.
@Suite(.requiresRoot) struct CarryingTests {
    /// - Parameter ownsScratch: whether the program and each clone have a /tmp of their own.
    private func check(_ state: CarriedState, ownsScratch: Bool = false) throws -> [String] {
        var problems: [String] = []
        let subject = try Subject.python(state.program) { plan in
            guard ownsScratch else { return }
            plan.namespaces = [.mount]
            plan.steps = [
                .mount(source: "", target: "/", type: "", flags: [.private, .recursive], data: ""),
                .mount(source: "tmpfs", target: "/tmp", type: "tmpfs", flags: [], data: "mode=1777"),
            ]
        }
        let ready = try subject.line()
        guard ready == "ready" else { return [ready] }
        let before = try subject.poke()
        if !before.hasSuffix(" True") { problems.append("it does not hold without a clone: \(before)") }
        try withScratchDirectory { directory in
            var target = subject.target()
            target.ownsScratch = ownsScratch
            if try ProcessFreezer.freeze(target, into: directory).hasScratch != ownsScratch {
                problems.append("what is in /tmp was not written")
            }
            let image = try ProcessImage.load(directory)
            let template = try TestTemplate(image, restorer: TestRestorer.path())
            for _ in 0..<2 {
                let clone = try template.clone(ownsScratch: ownsScratch)
                try clone.wake()
                let found = try clone.poke()
                if found != before { problems.append("\(found) instead of \(before)") }
                try withScratchDirectory { again in
                    var target = try clone.target(origin: image)
                    target.ownsScratch = ownsScratch
                    _ = try ProcessFreezer.freeze(target, into: again)
                    let descendants = try TestTemplate(ProcessImage.load(again), restorer: TestRestorer.path())
                    let second = try descendants.clone(ownsScratch: ownsScratch)
                    try second.wake()
                    let found = try second.poke()
                    if found != before { problems.append("a clone of a clone: \(found) instead of \(before)") }
                }
            }
        }
        return problems
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
