import LinuxKit
import ProcessImages
import SystemPackage
import TestSupport
import Testing

/// What a program has set, two clones of it have too, and a clone of a clone.
@Suite(.requiresRoot) struct CarryingTests {
    private func check(_ state: CarriedState) throws -> [String] {
        var problems: [String] = []
        let subject = try Subject.python(state.program)
        let ready = try subject.line()
        guard ready == "ready" else { return [ready] }
        let before = try subject.poke()
        if !before.hasSuffix(" True") { problems.append("it does not hold without a clone: \(before)") }
        try withScratchDirectory { directory in
            _ = try ProcessFreezer.freeze(subject.target(), into: directory)
            let image = try ProcessImage.load(directory)
            let template = try TestTemplate(image, restorer: TestRestorer.path())
            for _ in 0..<2 {
                let clone = try template.clone()
                try clone.wake()
                let found = try clone.poke()
                if found != before { problems.append("\(found) instead of \(before)") }
                try withScratchDirectory { again in
                    _ = try ProcessFreezer.freeze(try clone.target(origin: image), into: again)
                    let descendants = try TestTemplate(ProcessImage.load(again), restorer: TestRestorer.path())
                    let second = try descendants.clone()
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

    @Test("a setting of a process or its memory is carried", arguments: CarriedState.others)
    func settings(state: CarriedState) async throws {
        #expect(try await BlockingThread.run { try check(state) } == [])
    }
}
