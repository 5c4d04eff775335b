import LinuxKit
import ProcessImages
import SystemPackage
import TestSupport

/// What becomes of a program in two clones of it, and in a clone of each. The program says "ready" and, for each SIGUSR1, how it is,
/// the same each time, and "True" where that is as it should be.
struct ProgramCheck {
    let program: String
    /// Whether the program and each clone have a /tmp of their own.
    let ownsScratch: Bool

    /// Everything that is not as it was.
    /// - Parameter look: at what the freeze has made; says what is wrong with it.
    func problems(_ look: (FrozenProcess, ProcessImage) -> String?) throws -> [String] {
        let subject = try Subject.python(program) { plan in
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
        var problems = before.hasSuffix(" True") ? [] : ["it does not hold without a clone: \(before)"]
        try withScratchDirectory { directory in
            var target = subject.target()
            target.ownsScratch = ownsScratch
            ProcessFreezer.settle(subject.child.pid)
            let report = try ProcessFreezer.freeze(target, into: directory)
            let image = try ProcessImage.load(directory)
            if let problem = look(report, image) { problems.append(problem) }
            let template = try TestTemplate(image, restorer: TestRestorer.path())
            for _ in 0..<2 {
                let clone = try template.clone(ownsScratch: ownsScratch)
                try clone.wake()
                let found = try clone.poke()
                if found != before { problems.append("\(found) instead of \(before)") }
                let second = try foundAgain(in: clone, of: image)
                if second != before { problems.append("a clone of a clone: \(second) instead of \(before)") }
            }
        }
        return problems
    }

    private func foundAgain(in clone: TestClone, of image: ProcessImage) throws -> String {
        try withScratchDirectory { directory in
            var target = try clone.target(origin: image)
            target.ownsScratch = ownsScratch
            ProcessFreezer.settle(clone.pid)
            _ = try ProcessFreezer.freeze(target, into: directory)
            let template = try TestTemplate(ProcessImage.load(directory), restorer: TestRestorer.path())
            let second = try template.clone(ownsScratch: ownsScratch)
            try second.wake()
            return try second.poke()
        }
    }
}
