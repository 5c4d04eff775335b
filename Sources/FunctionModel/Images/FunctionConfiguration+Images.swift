extension FunctionConfiguration {
    /// Makes the image the function's code. AWS counts no bytes of it.
    package mutating func setImage(_ image: FunctionImage) {
        self.image = image
        code = CodeReference(sha256: image.digest, size: 0)
    }

    /// The same, as it is shown while its image is on the way.
    package func showing(progress: String) -> Self {
        var shown = self
        let reason = { (given: StateReason) in
            StateReason(code: given.code, message: "\(given.message) Its image: \(progress).")
        }
        if case .pending(let given) = state { shown.state = .pending(reason(given)) }
        if case .inProgress(let given) = lastUpdate { shown.lastUpdate = .inProgress(reason(given)) }
        return shown
    }
}
