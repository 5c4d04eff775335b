import Glibc
import LinuxKit
import ProcessImages
import SystemPackage
import TestSupport
import Testing

@Suite(.requiresRoot) struct BaseMemoryTests {
    /// Holds 32 MiB that no page of which is like another, changes one page when poked, and tells what it has.
    private static let program = """
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        data = bytearray(b"".join(i.to_bytes(8, "big") for i in range(4 << 20)))
        def state(): print(hashlib.sha256(data).hexdigest())
        state()
        while True:
            signal.sigwait([signal.SIGUSR1])
            data[1 << 20] = data[1 << 20] + 1 & 255
            state()
        """

    @Test("an image of a clone holds the pages that changed, and clones of it are right")
    func sharing() throws {
        let subject = try Subject.python(Self.program)
        _ = try subject.line()
        try withScratchDirectory { scratch in
            let (first, second) = (scratch.appending("first"), scratch.appending("second"))
            try Directory.create(first)
            try Directory.create(second)
            let whole = try ProcessFreezer.freeze(subject.target(), into: first)
            #expect(whole.writtenBytes > 32 << 20)

            let image = try ProcessImage.load(first)
            let template = try TestTemplate(image, restorer: TestRestorer.path())
            let clone = try template.clone()
            try clone.wake()
            let changed = try clone.poke()

            let changes = try ProcessFreezer.freeze(
                try clone.target(origin: image), into: second, base: try BaseMemory(image))
            #expect(changes.writtenBytes < 2 << 20)
            #expect(changes.sharedBytes > 32 << 20)
            #expect(try FileStatus.of(second.appending("base")).inode == FileStatus.of(first.appending("memory")).inode)

            let secondImage = try ProcessImage.load(second)
            #expect(secondImage.window == image.window)
            let secondTemplate = try TestTemplate(secondImage, restorer: TestRestorer.path())
            // Two pokes: the byte is one further on than in a clone of the first image after one.
            let again = try secondTemplate.clone()
            try again.wake()
            let sibling = try template.clone()
            try sibling.wake()
            #expect(try sibling.poke() == changed)
            #expect(try sibling.poke() == again.poke())
        }
    }
}
