package import SystemPackage

/// Why untrusted input did not become an image. Callers switch on the case; `description` is for people.
package enum WorkshopError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Not a zip archive, or one with an entry that cannot be unpacked.
    case invalidZip(String)
    /// The archive unpacks to more than AWS allows.
    case unzipsTooLarge(limitBytes: Int)
    /// An entry whose name leads out of the directory it is unpacked into.
    case pathEscape(entry: String)
    /// Not a layer of an image, or a damaged one.
    case invalidLayer(String)
    /// A layer that tries what none of an honest image does.
    case hostileLayer(String)
    /// Layers with more bytes, or more files, than an image may have.
    case layersTooLarge(limitBytes: Int)
    case layersTooMany(limit: Int)
    /// An archive without a file that was asked for.
    case notInArchive(String)
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
        case .invalidLayer(let reason): "a layer is damaged: \(reason)"
        case .hostileLayer(let reason): "a layer is refused: \(reason)"
        case .layersTooLarge(let limit): "the layers unpack to more than \(limit) bytes"
        case .layersTooMany(let limit): "the layers have more than \(limit) files"
        case .notInArchive(let name): "the archive has no file \(name)"
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
