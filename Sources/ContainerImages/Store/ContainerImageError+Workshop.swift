internal import SystemPackage
internal import Workshop

extension ContainerImageError {
    /// - Parameter limit: bytes that the layers may have together.
    init(_ error: WorkshopError, limit: Int) {
        switch error {
        case .layersTooLarge, .imageTooLarge: self = .tooLarge(limit: limit)
        case .layersTooMany(let limit):
            self.init(.tooLarge, "The image has more than the \(limit) files that its layers may have together.")
        case .hostileLayer(let reason): self.init(.hostile, "The image is refused: \(reason).")
        case .tooSlow(let seconds):
            self.init(.hostile, "The image was refused: its layers took longer than \(seconds) s to read.")
        case .invalidLayer(let reason): self.init(.damaged, "A layer of the image is damaged: \(reason).")
        case .missing(let what, let remedy):
            self.init(.disk, "This server lacks what it reads images with.", cause: "\(what) is missing: \(remedy)")
        case .systemCall(_, .noSpace):
            self.init(.disk, "This server has not enough space for the image.", cause: "\(error)")
        case .cancelled: self = .cancelled
        case .systemCall, .broken, .invalidZip, .unzipsTooLarge, .pathEscape, .unsupportedFile, .notInArchive:
            self.init(.disk, "This server could not read the image.", cause: "\(error)")
        }
    }
}
