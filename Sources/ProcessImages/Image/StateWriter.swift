import CProcessImage

/// The file `state`, while it is written: one part after the other, each where it may stand.
struct StateWriter {
    var header = thaw_image()
    private var bytes: [UInt8]

    static let alignment = 64

    init(window: UInt64) {
        bytes = [UInt8](repeating: 0, count: MemoryLayout<thaw_image>.size)
        header.magic = THAW_IMAGE_MAGIC
        header.version = THAW_IMAGE_VERSION
        header.header_size = UInt32(bytes.count)
        header.window = window
    }

    /// Puts `content` at the next aligned place, and says where that is.
    mutating func add(_ content: [UInt8]) -> UInt64 {
        bytes += [UInt8](repeating: 0, count: -bytes.count & (Self.alignment - 1))
        let place = UInt64(bytes.count)
        bytes += content
        return place
    }

    mutating func add<Entry: BitwiseCopyable>(table: [Entry]) -> thaw_table {
        thaw_table(offset: add(table.withUnsafeBytes(Array.init)), count: UInt64(table.count))
    }

    /// Adds a thread's registers; where its signal frame is.
    mutating func add(_ frame: EncodedFrame) -> UInt64 {
        let place = add(frame.extendedState)
        return add(frame.context(extendedStateAt: header.window + THAW_WINDOW_STATE + place))
    }

    consuming func finish() -> [UInt8] {
        header.size = UInt64(bytes.count)
        withUnsafeBytes(of: header) { bytes.replaceSubrange(0..<$0.count, with: $0) }
        return bytes
    }
}
