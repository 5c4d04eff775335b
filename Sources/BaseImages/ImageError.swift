package import SystemPackage
internal import Workshop

/// Why an image could not be made. Callers switch on the case; `description` is for people.
package enum ImageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No recipe for this runtime is installed.
    case unknownRuntime(String, known: [String])
    /// A recipe that cannot be used: damaged, or of a later Thaw.
    case invalidRecipe(FilePath, reason: String)
    /// Something that has to be there is not.
    case missing(String, remedy: String)
    /// A program that a Debian package brings is not installed.
    case toolMissing(String, package: String)
    /// A program failed; `output` is the end of what it said.
    case toolFailed(String, step: String, output: String)
    /// `neededBytes` is 0 where it is not known: a write failed.
    case noSpace(FilePath, neededBytes: Int, freeBytes: Int)
    /// Not a zip archive, or one with an entry that cannot be unpacked.
    case invalidZip(String)
    /// The archive unpacks to more than AWS allows.
    case tooLarge(limitBytes: Int)
    /// An entry whose name leads out of the directory it is unpacked into.
    case pathEscape(entry: String)
    /// Not a file that ``ImageStore/export(_:to:progress:)`` wrote, or no longer what it wrote.
    case invalidArchive(FilePath, reason: String)
    /// A file with images that this installation would make from something else.
    case foreignArchive(FilePath, runtimes: [String])
    /// What was to be added to a runtime cannot be.
    case unusablePackages(FilePath, reason: String)
    /// The image of a runtime is not here yet.
    case notBuilt(String)
    /// A file of ours does not have the content it was written with.
    case damaged(FilePath, reason: String)
    case inputOutput(String, FilePath, Errno)
    case cancelled

    package var description: String {
        switch self {
        case .unknownRuntime(let name, let known):
            "there is no base image recipe for runtime '\(name)'; installed: \(known.joined(separator: ", "))"
        case .invalidRecipe(let path, let reason): "cannot use the recipe \(path): \(reason)"
        case .missing(let what, let remedy): "\(what) is missing: \(remedy)"
        case .toolMissing(let tool, let package):
            "the program \(tool) is not installed: run `apt-get install \(package)`"
        case .toolFailed(let tool, let step, let output): "\(step): \(tool) failed\n\(output)"
        case .noSpace(let path, let needed, let free):
            "not enough space for \(path): "
                + (needed > 0 ? "\(needed >> 20) MiB needed, " : "") + "\(free >> 20) MiB free; "
                + "free some, or move --state-dir to a larger file system"
        case .invalidZip(let reason): "the code is not a usable zip archive: \(reason)"
        case .tooLarge(let limit): "the code unpacks to more than \(limit) bytes"
        case .pathEscape(let entry): "the zip entry '\(entry)' leads out of the archive"
        case .invalidArchive(let path, let reason):
            "cannot import \(path): \(reason). Nothing was imported; run `thaw image export` again where it came from"
        case .foreignArchive(let path, let runtimes):
            "cannot import \(path): its \(runtimes.joined(separator: ", ")) is made from another recipe than this Thaw has. "
                + "Nothing was imported; install the same version of Thaw on both hosts, build there and export again"
        case .unusablePackages(let path, let reason): "cannot add the packages in \(path): \(reason)"
        case .notBuilt(let runtime):
            "the base image of \(runtime) is not built here, or not from what Thaw has now: "
                + "run `thaw image build \(runtime)`"
        case .damaged(let path, let reason): "\(path) is damaged (\(reason)): run `thaw image build` to make it again"
        case .inputOutput(let action, let path, let cause): "cannot \(action) \(path): \(cause)"
        case .cancelled: "the image build was cancelled"
        }
    }
}

extension ImageError {
    /// Of a function's code.
    init(_ error: WorkshopError) {
        self =
            switch error {
            case .invalidZip(let reason): .invalidZip(reason)
            case .unzipsTooLarge(let limit), .imageTooLarge(let limit): .tooLarge(limitBytes: limit)
            case .pathEscape(let entry): .pathEscape(entry: entry)
            case .missing(let what, let remedy): .missing(what, remedy: remedy)
            case .cancelled: .cancelled
            case .unsupportedFile, .tooSlow, .systemCall, .broken, .invalidLayer, .hostileLayer, .layersTooLarge,
                .layersTooMany, .notInArchive:
                .toolFailed("thaw-workshop", step: "making the image of a function's code", output: "\(error)")
            }
    }
}
