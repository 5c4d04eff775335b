package import SystemPackage

/// Why untrusted input did not become an image. Callers switch on the case; `description` is for people.
package enum WorkshopError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Not a zip archive, or one with an entry that cannot be unpacked.
    case invalidZip(String)
    /// The archive unpacks to more than AWS allows.
    case unzipsTooLarge(limitBytes: Int)
    /// An entry whose name leads out of the directory it is unpacked into.
    case pathEscape(entry: String)
    /// A file that an image cannot hold.
    case unsupportedFile(String)
    /// The image would be larger than it may be.
    case imageTooLarge(limitBytes: Int)
    /// The work was stopped at its limit of time.
    case tooSlow(seconds: Int)
    /// Something of the installation is not there.
    case missing(String, remedy: String)
    case systemCall(String, Errno)
    /// The program ended without a word that can be used.
    case broken(String)
    case cancelled

    package var description: String {
        switch self {
        case .invalidZip(let reason): "the code is not a usable zip archive: \(reason)"
        case .unzipsTooLarge(let limit): "the code unpacks to more than \(limit) bytes"
        case .pathEscape(let entry): "the zip entry '\(entry)' leads out of the archive"
        case .unsupportedFile(let reason): reason
        case .imageTooLarge(let limit): "the image of these files has more than the \(limit) bytes that it may have"
        case .tooSlow(let seconds): "making the image took longer than \(seconds) s and was stopped"
        case .missing(let what, let remedy): "\(what) is missing: \(remedy)"
        case .systemCall(let action, let cause): "cannot \(action): \(cause)"
        case .broken(let what): "the program that makes images failed: \(what)"
        case .cancelled: "the making of an image was cancelled"
        }
    }
}

/// Gives a failed system call the name of what was being done.
@discardableResult
func attempt<R: ~Copyable>(_ action: String, _ body: () throws(Errno) -> R) throws(WorkshopError) -> R {
    do { return try body() } catch { throw .systemCall(action, error) }
}
