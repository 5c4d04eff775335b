import GuestProtocol
import LinuxKit

extension Output {
    /// The supervisor's own words to the function's log.
    init(text: String) {
        self.init(stream: .standardError, timestampNanoseconds: WallClock.now(), bytes: Array(text.utf8))
    }
}
