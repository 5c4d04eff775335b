import Glibc
import LinuxKit
import ProcessEngine
import SystemPackage
import TestSupport
import Testing

@Suite(.requiresRoot) struct FreezeTests {
    /// Answers every SIGUSR1 with a line that counts.
    static let counter = """
        import signal, sys
        count = 0
        def poked(number, frame):
            global count
            count += 1
            print("alive", count)
        signal.signal(signal.SIGUSR1, poked)
        print("ready")
        while True: signal.pause()
        """

    @Test("a frozen Python program is a valid image and stands still")
    func freezesPython() throws {
        let subject = try Subject.python(Self.counter)
        #expect(try subject.line() == "ready")
        try withScratchDirectory { directory in
            let frozen = try ProcessFreezer.freeze(subject.target(), into: directory)
            print(frozen)
            let image = try ProcessImage.load(directory)
            #expect(image.threadCount == 1)
            #expect(image.pid == UInt32(subject.child.pid))
            #expect(frozen.writtenBytes > 1 << 20)
            let status = try SmallFile.text(FilePath("/proc/\(subject.child.pid)/stat"))
            #expect(status.contains(") T "))
        }
    }
}
