import Glibc
import LinuxKit
import ProcessEngine
import SystemPackage
import TestSupport
import Testing

@Suite(.requiresRoot) struct FreezeTests {
    /// Answers every SIGUSR1 with a line that counts. It waits for the signal instead of handling it, because a handler
    /// that runs just before pause(2) is forgotten.
    static let counter = """
        import signal
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        print("ready")
        count = 0
        while True:
            signal.sigwait([signal.SIGUSR1])
            count += 1
            print("alive", count)
        """

    @Test("a frozen Python program is a valid image and stands still")
    func freezesPython() throws {
        let subject = try Subject.python(Self.counter)
        #expect(try subject.line() == "ready")
        try withScratchDirectory { directory in
            let frozen = try ProcessFreezer.freeze(subject.target(), into: directory)
            let image = try ProcessImage.load(directory)
            #expect(image.threadCount == 1)
            #expect(image.pid == UInt32(subject.child.pid))
            #expect(frozen.writtenBytes > 1 << 20)
            let status = try SmallFile.text(FilePath("/proc/\(subject.child.pid)/stat"))
            #expect(status.contains(") T "))
        }
    }
}
