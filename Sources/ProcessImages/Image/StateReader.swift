import CProcessImage

/// Reads the file `state` without believing anything in it: every access is checked, and none traps.
struct StateReader {
    let bytes: UnsafeRawBufferPointer

    static func invalid(_ reason: String) -> ProcessImageError { .invalid(file: ImageFile.state, reason: reason) }

    static func require(_ holds: Bool, _ reason: @autoclosure () -> String) throws(ProcessImageError) {
        guard holds else { throw invalid(reason()) }
    }

    /// `size` bytes at `offset`, or an error that calls them `name`.
    func range(_ offset: UInt64, _ size: UInt64, _ name: @autoclosure () -> String) throws(ProcessImageError) -> Range<
        Int
    > {
        let (end, overflow) = offset.addingReportingOverflow(size)
        guard !overflow, end <= UInt64(bytes.count) else {
            throw Self.invalid("\(name()) goes beyond the end of the file")
        }
        return Int(offset)..<Int(end)
    }

    func load<Value: BitwiseCopyable>(
        _ type: Value.Type = Value.self, at offset: UInt64, _ name: @autoclosure () -> String
    ) throws(ProcessImageError) -> Value {
        let range = try range(offset, UInt64(MemoryLayout<Value>.size), name())
        return bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: type)
    }

    /// A table of the header's.
    func table<Entry: BitwiseCopyable>(
        _ place: thaw_table, of type: Entry.Type = Entry.self, limit: Int, _ name: String
    ) throws(ProcessImageError) -> StateTable<Entry> {
        try Self.require(place.offset % UInt64(StateWriter.alignment) == 0, "the table of \(name) is not aligned")
        try Self.require(place.count <= UInt64(limit), "there are \(place.count) \(name); at most \(limit)")
        let size = place.count * UInt64(MemoryLayout<Entry>.stride)
        let range = try range(place.offset, size, "the table of \(name)")
        return StateTable(bytes: UnsafeRawBufferPointer(rebasing: bytes[range]), place: range)
    }
}

/// A table of the file `state`, inside of it.
struct StateTable<Entry: BitwiseCopyable>: RandomAccessCollection {
    fileprivate let bytes: UnsafeRawBufferPointer
    /// Where it is in the file.
    let place: Range<Int>

    var startIndex: Int { 0 }
    var endIndex: Int { bytes.count / MemoryLayout<Entry>.stride }

    subscript(position: Int) -> Entry {
        bytes.loadUnaligned(fromByteOffset: position * MemoryLayout<Entry>.stride, as: Entry.self)
    }
}

/// The table `bytes`.
struct StateBytes {
    let table: StateTable<UInt8>

    private var raw: UnsafeRawBufferPointer { table.bytes }

    /// A path from the root, as the kernel takes it, that starts at `offset`.
    func checkPath(at offset: UInt64, _ name: @autoclosure () -> String) throws(ProcessImageError) {
        let maximum = 4096  // PATH_MAX, the NUL included
        guard offset > 0, offset < UInt64(raw.count), raw[Int(offset)] == UInt8(ascii: "/") else {
            throw StateReader.invalid("the path of \(name()) does not start with a slash inside the file")
        }
        let rest = raw[Int(offset)..<Swift.min(raw.count, Int(offset) + maximum)]
        try StateReader.require(rest.contains(0), "the path of \(name()) does not end")
    }

    /// A text that starts at `offset`, and ends.
    func checkText(at offset: UInt64, _ name: @autoclosure () -> String) throws(ProcessImageError) {
        let isInside = offset > 0 && offset < UInt64(raw.count)
        try StateReader.require(
            isInside && raw[Int(offset)..<Swift.min(raw.count, Int(offset) + 4096)].contains(0),
            "the text of \(name()) does not end inside the file")
    }

    /// `size` bytes that start at `offset`.
    func blob(at offset: UInt64, _ size: UInt64, _ name: @autoclosure () -> String) throws(ProcessImageError)
        -> UnsafeRawBufferPointer
    {
        let (end, overflow) = offset.addingReportingOverflow(size)
        guard offset > 0, !overflow, end <= UInt64(raw.count) else {
            throw StateReader.invalid("the content of \(name()) is not inside the file")
        }
        return UnsafeRawBufferPointer(rebasing: raw[Int(offset)..<Int(end)])
    }
}
