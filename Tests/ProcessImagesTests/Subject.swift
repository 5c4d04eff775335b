import Glibc
import LinuxKit
import ProcessImages
import SystemPackage
import TestSupport
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

    private static let modules =
        "ctypes, fcntl, hashlib, mmap, os, resource, select, signal, socket, subprocess, sys, tempfile, threading"

    /// A program in Python, for which ``modules`` are imported.
    static func python(
        _ program: String, environment: [String: String] = [:], namespace: SharedDescriptor? = nil,
        _ adjust: (inout SpawnPlan) -> Void = { _ in }
    ) throws -> Subject {
        try Subject(
            "/usr/bin/python3", ["-u", "-S", "-c", "import \(modules)\n" + program], environment: environment,
            namespace: namespace, adjust)
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

extension CProgram {
    /// Every thread computes without pause what it can check.
    static let busyThreads = """
        #include <pthread.h>
        #include <signal.h>
        #include <stdatomic.h>
        #include <stdio.h>
        #include <unistd.h>
        enum { THREADS = 12 };
        static atomic_ulong rounds[THREADS];
        static atomic_int wrong;
        static void *work(void *argument) {
            for (;;) {
                double sum = 0;
                volatile long mark = (long)argument;
                for (int i = 1; i < 2000; i++) sum += 1.0 / i / (i + 1.0);
                if (sum < 0.999499 || sum > 0.999501 || mark != (long)argument) atomic_store(&wrong, 1);
                atomic_fetch_add(&rounds[(long)argument], 1);
            }
        }
        int main(void) {
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGUSR1);
            pthread_sigmask(SIG_BLOCK, &set, NULL);
            pthread_t thread;
            for (long i = 0; i < THREADS; i++) pthread_create(&thread, NULL, work, (void *)i);
            puts("ready");
            fflush(stdout);
            for (int signal;;) {
                sigwait(&set, &signal);
                unsigned long before[THREADS];
                for (int i = 0; i < THREADS; i++) before[i] = atomic_load(&rounds[i]);
                for (int i = 0; i < THREADS; i++)
                    while (atomic_load(&rounds[i]) == before[i]) usleep(100);
                puts(atomic_load(&wrong) ? "wrong" : "all right");
                fflush(stdout);
            }
        }
        """
}
