internal import LinuxKit
import Subprocess
package import SystemPackage

/// A program from a Debian package that images are made with. Run by exec, without a shell.
package struct Tool: Sendable, Equatable {
    package let name: String
    /// The Debian package that brings it.
    package let package: String

    package init(name: String, package: String) {
        self.name = name
        self.package = package
    }

    package static let mmdebstrap = Tool(name: "mmdebstrap", package: "mmdebstrap")
    package static let mkfsErofs = Tool(name: "mkfs.erofs", package: "erofs-utils")
    package static let mke2fs = Tool(name: "mke2fs", package: "e2fsprogs")
    package static let debugfs = Tool(name: "debugfs", package: "e2fsprogs")
    package static let ldconfig = Tool(name: "ldconfig", package: "libc-bin")
    package static let chroot = Tool(name: "chroot", package: "coreutils")
    package static let cp = Tool(name: "cp", package: "coreutils")
    /// Debian's own: another Python first in PATH need not have pip.
    package static let pip = Tool(name: "pip3", package: "python3-pip")

    /// Everything ``ImageStore`` may call.
    package static let all = [mmdebstrap, mkfsErofs, mke2fs, debugfs, ldconfig, chroot, cp, pip]

    private static let places: [FilePath] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]

    /// Where the program is; nil if it is not installed.
    package var path: FilePath? {
        Tool.places.lazy.map { $0.appending(name) }.first { FileInfo(following: $0)?.isExecutable == true }
    }

    /// Runs the program to its end. Its output goes to `log`, and the end of it into the error.
    ///
    /// If the task is cancelled the program is asked to end, and killed if it does not.
    /// - Parameter step: what is being done, for the error.
    package func run(_ arguments: [String], step: String, log: FilePath, environment: ToolEnvironment = .host)
        async throws(ImageError)
    {
        guard let path else { throw .toolMissing(name, package: package) }
        let output = try attempt("write", log) { () throws(Errno) in
            let file = try OwnedDescriptor.open(log, .writeOnly, options: [.create, .append, .noFollow])
            return FileDescriptor(rawValue: file.relinquish())
        }
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
        let status: TerminationStatus
        do {
            status = try await Subprocess.run(
                .path(path), arguments: Arguments(arguments), environment: environment.value, platformOptions: options,
                output: .fileDescriptor(output, closeAfterSpawningProcess: true), error: .combinedWithOutput
            ).terminationStatus
        } catch {
            throw .toolFailed(name, step: step, output: "\(error)")
        }
        guard !Task.isCancelled else { throw .cancelled }
        guard status.isSuccess else {
            throw .toolFailed(name, step: step, output: "\(status)\n\(Tool.end(of: log))")
        }
    }

    /// The last lines of what was logged.
    private static func end(of log: FilePath) -> String {
        guard let bytes = try? Files.read(log) else { return "" }
        let lines = String(decoding: bytes.suffix(4096), as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: true)
        return lines.suffix(15).joined(separator: "\n")
    }
}

/// The environment a tool runs in. Fixed where it could show in what the tool makes.
package enum ToolEnvironment {
    /// The host's, for its proxies and mirrors, with locale, time zone and hash seed fixed.
    case host
    /// Nothing of the host: for programs of the image.
    case image

    var value: Environment {
        switch self {
        case .host: .inherit.updating(ToolEnvironment.fixed.mapValues(Optional.some))
        case .image: .custom(ToolEnvironment.fixed)
        }
    }

    private static let fixed: [Environment.Key: String] = [
        "LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0", "DEBIAN_FRONTEND": "noninteractive",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SOURCE_DATE_EPOCH": String(ImageTime.seconds),
    ]
}

/// The one modification time of every file in every image: 1980-01-02, the first whole day that a zip archive can
/// express in any time zone, so that user code may pack what it finds.
enum ImageTime {
    static let seconds = 315_619_200
}
