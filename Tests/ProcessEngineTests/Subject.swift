import Glibc
import LinuxKit
import ProcessEngine
import SystemPackage
import Testing

/// A program that a test freezes. Its standard output is the test's, its other descriptors are its own business.
///
/// Killed when the last reference goes.
final class Subject: Sendable {
    let child: ChildProcess
    let output: OwnedDescriptor
    private let outputInode: UInt64
    private let errorInode: UInt64
    private let namespace: SharedDescriptor

    init(
        _ executable: FilePath, _ arguments: [String] = [], environment: [String: String] = [:],
        namespace: SharedDescriptor? = nil, _ adjust: (inout SpawnPlan) -> Void = { _ in }
    ) throws {
        self.namespace = try namespace ?? NetworkNamespace.current()
        var plan = SpawnPlan(
            executable: executable, arguments: [executable.string] + arguments,
            environment: ["PATH": "/usr/bin:/bin", "HOME": "/tmp"].merging(environment) { $1 })
        let (reader, writer) = try OwnedDescriptor.pipe().take { ($0.shared(), $1.shared()) }
        let (errors, errorWriter) = try OwnedDescriptor.pipe().take { ($0.shared(), $1.shared()) }
        outputInode = try FileStatus.of(writer.descriptor).inode
        errorInode = try FileStatus.of(errorWriter.descriptor).inode
        plan.descriptors[1] = writer
        // What the program complains about belongs into the test's own output.
        plan.descriptors[2] = errorWriter
        if let namespace { plan.steps.append(.enterNamespace(namespace, .network)) }
        adjust(&plan)
        child = try plan.spawn()
        output = try reader.descriptor.duplicate()
        let copy = errors
        try PosixThread.start {
            while let bytes = try? copy.descriptor.read(upTo: 4096), !bytes.isEmpty {
                print(String(decoding: bytes, as: UTF8.self), terminator: "")
            }
        }
    }

    /// Python's own program text.
    static func python(
        _ program: String, environment: [String: String] = [:], namespace: SharedDescriptor? = nil,
        _ adjust: (inout SpawnPlan) -> Void = { _ in }
    ) throws -> Subject {
        try Subject(
            "/usr/bin/python3", ["-u", "-S", "-c", program], environment: environment, namespace: namespace, adjust)
    }

    func target(runtimeAPIPort: UInt16? = nil, origin: ProcessImage? = nil) -> FreezeTarget {
        FreezeTarget(
            pid: child.pid, standardOutput: outputInode, standardError: errorInode, runtimeAPIPort: runtimeAPIPort,
            namespace: namespace, origin: origin)
    }

    /// The next line of its output.
    func line() throws -> String { try Lines.next(from: output) }

    /// Asks for a sign of life: programs of these tests write a line for every such signal.
    func poke(_ signal: CInt = SIGUSR1) throws -> String {
        try child.signal(signal)
        return try line()
    }
}

enum Lines {
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    /// One line, without its end, read byte by byte so that the next stays.
    static func next(from descriptor: borrowing OwnedDescriptor, atMost limit: Duration = .seconds(20)) throws -> String
    {
        var bytes: [UInt8] = []
        while true {
            guard try descriptor.wait(for: .readable, atMost: limit) else {
                throw Missing(description: "no line within \(limit), only \(String(decoding: bytes, as: UTF8.self))")
            }
            guard let byte = try descriptor.read(upTo: 1).first else {
                throw Missing(description: "the output ended with \(String(decoding: bytes, as: UTF8.self))")
            }
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
    }
}

/// Programs in C, compiled when they are first wanted.
enum CProgram {
    static func build(_ source: String, in directory: FilePath, flags: [String] = []) async throws -> FilePath {
        let file = directory.appending("program.c")
        let binary = directory.appending("program")
        try DurableFile.write(source.utf8, to: file)
        var plan = SpawnPlan(
            executable: "/usr/bin/cc",
            arguments: ["cc", "-O1", "-pthread", "-o", binary.string, file.string] + flags,
            environment: ["PATH": "/usr/bin:/bin", "TMPDIR": directory.string])
        let output = try OwnedDescriptor.memoryFile(named: "cc").shared()
        plan.descriptors[1] = output
        plan.descriptors[2] = output
        let exit = try await plan.spawn().wait()
        guard exit?.reason == .exited(status: 0) else {
            _ = try syscall { output.withRaw { lseek($0, 0, SEEK_SET) } }
            throw Lines.Missing(description: String(decoding: try output.descriptor.readAll(), as: UTF8.self))
        }
        return binary
    }
}
