/// The table `bytes` of an image: paths and contents, each found by where it starts.
struct ByteTable {
    /// Offset 0 means "none", so nothing starts there.
    private(set) var bytes: [UInt8] = [0]
    private var places: [String: UInt64] = [:]

    /// Where a NUL-terminated copy of `text` starts; the same for the same text.
    mutating func text(_ text: String) -> UInt64 {
        if let place = places[text] { return place }
        let place = blob(Array(text.utf8) + [0])
        places[text] = place
        return place
    }

    mutating func blob(_ content: [UInt8]) -> UInt64 {
        let place = UInt64(bytes.count)
        bytes += content
        return place
    }
}
