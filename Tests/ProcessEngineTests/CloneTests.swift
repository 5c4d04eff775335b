import Glibc
import LinuxKit
import ProcessEngine
import SystemPackage
import TestSupport
import Testing

@Suite(.requiresRoot) struct CloneTests {
    @Test("a frozen Python program goes on in two clones")
    func python() throws {
        let subject = try Subject.python(FreezeTests.counter)
        #expect(try subject.line() == "ready")
        #expect(try subject.poke() == "alive 1")
        try withScratchDirectory { directory in
            print(try ProcessFreezer.freeze(subject.target(), into: directory))
            let template = try TestTemplate(try ProcessImage.load(directory), restorer: TestRestorer.path())
            for _ in 0..<2 {
                let clone = try template.clone()
                try clone.wake()
                #expect(try clone.poke() == "alive 2")
                #expect(try clone.poke() == "alive 3")
            }
        }
    }
}
