import FunctionModel
import Testing

/// What clients read of the server's own failures.
@Suite struct ClientTextTests {
    /// Detail, and what a client reads of it; nil for the text that says nothing.
    static let texts: [(String, String?)] = [
        ("the host has no slot", "the host has no slot"),
        ("cannot open /var/lib/thaw/code/ab12: No such file or directory", "cannot open …: No such file or directory"),
        ("cannot read '/var/lib/thaw/images/x'.", "cannot read '…'."),
        (
            "not enough space for /srv/thaw/images: 30 MiB needed, 2 MiB free",
            "not enough space for …: 30 MiB needed, 2 MiB free"
        ),
        ("QEMU (qemu-system-x86) is not installed", "QEMU (qemu-system-x86) is not installed"),
        ("mount failed\n/dev/loop0 on snapshots/ab/tmp", "mount failed\n… on …"),
        ("VFS: Unable to mount root fs on unknown-block(0,0)", "VFS: Unable to mount root fs on unknown-block(0,0)"),
        ("inputOutput(\"open\", path: x)", nil), ("CancellationError()", nil), ("Optional(7)", nil),
        ("SandboxError(code: host)", nil), ("Worker.Failure(x)", nil), ("at Sources of it", nil), ("", ""),
    ]

    @Test("paths and descriptions of values stay with the server", arguments: texts)
    func text(detail: String, expected: String?) {
        #expect(ClientText.of(detail) == expected ?? ClientText.internalFailure)
        let error = LambdaError.service(detail)
        #expect(error.message == expected ?? ClientText.internalFailure)
        #expect(error.description == "ServiceException: \(detail)")
        #expect(StateReason.internalError(detail).message == error.message)
    }

    @Test("a text has an end")
    func long() {
        #expect(ClientText.of(String(repeating: "long ", count: 100_000)).count == 1_000)
    }
}
