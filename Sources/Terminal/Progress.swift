import Foundation

/// Tells people at standard error what takes its time.
package enum Progress {
    package static func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

    /// One line a step, with the seconds since the first.
    package static func report(_ subject: String) -> @Sendable (String) -> Void {
        let start = ContinuousClock.now
        return { step in
            let seconds = (ContinuousClock.now - start).components.seconds
            say("[\(subject) \(seconds) s] \(step)")
        }
    }
}
