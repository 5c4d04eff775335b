internal import CLibzip
package import LinuxKit
internal import SystemPackage

/// An archive opened for reading with libzip. Every string and number from it is hostile.
package struct ZipArchive: ~Copyable {
    private let archive: OpaquePointer

    /// The record that ends every archive; libzip takes no bytes at all for an archive without entries.
    private static let smallest = 22

    /// - Parameter file: moves its offset, and must stay as it is while the archive is open.
    package init(file: borrowing OwnedDescriptor) throws(WorkshopError) {
        try ZipArchive.loadLibrary()
        let size = try attempt("read the archive") { () throws(Errno) in try FileStatus.of(file).size }
        guard size >= ZipArchive.smallest else { throw .invalidZip("it has only \(size) bytes") }
        let copy = try attempt("read the archive") { () throws(Errno) in try file.duplicate() }.relinquish()
        var code: CInt = 0
        // Libzip closes the descriptor, unless it fails.
        guard let archive = zip_fdopen(copy, 0, &code) else {
            _ = OwnedDescriptor(adopting: copy)
            throw .invalidZip(ZipArchive.text(ofCode: code))
        }
        self.archive = archive
    }

    /// Reads the archive in `bytes` for the length of `body`; libzip keeps pointers into them until it ends.
    package static func withArchive<R>(
        in bytes: [UInt8], _ body: (borrowing ZipArchive) throws(WorkshopError) -> R
    ) throws(WorkshopError) -> R {
        try bytes.withUnsafeBytes { buffer -> Result<R, WorkshopError> in
            Result { () throws(WorkshopError) in try body(try ZipArchive(borrowing: buffer)) }
        }.get()
    }

    private init(borrowing buffer: UnsafeRawBufferPointer) throws(WorkshopError) {
        try ZipArchive.loadLibrary()
        guard buffer.count >= ZipArchive.smallest else { throw .invalidZip("it has only \(buffer.count) bytes") }
        var error = zip_error_t()
        zip_error_init(&error)
        defer { zip_error_fini(&error) }
        guard let source = zip_source_buffer_create(buffer.baseAddress, UInt64(buffer.count), 0, &error) else {
            throw .invalidZip(String(cString: zip_error_strerror(&error)))
        }
        guard let archive = zip_open_from_source(source, ZIP_RDONLY, &error) else {
            zip_source_free(source)
            throw .invalidZip(String(cString: zip_error_strerror(&error)))
        }
        self.archive = archive  // owns the source from here on
    }

    deinit { zip_discard(archive) }

    private static func loadLibrary() throws(WorkshopError) {
        guard let failure = clibzip_load() else { return }
        throw .missing(
            "libzip (\(String(cString: failure)))",
            remedy: "run `apt-get install libzip4`, on Debian 13 `apt-get install libzip5`")
    }

    var count: UInt64 { UInt64(max(0, zip_get_num_entries(archive, 0))) }

    func entry(_ index: UInt64) throws(WorkshopError) -> ZipEntry {
        var status = zip_stat_t()
        guard zip_stat_index(archive, index, 0, &status) == 0, let name = name(of: index) else {
            throw .invalidZip(lastError)
        }
        let needed = UInt64(ZIP_STAT_SIZE)
        guard status.valid & needed == needed else { throw .invalidZip("the entry '\(name)' declares no size") }
        let isEncrypted =
            status.valid & UInt64(ZIP_STAT_ENCRYPTION_METHOD) != 0 && status.encryption_method != ZIP_EM_NONE
        return ZipEntry(
            index: index, name: name, size: status.size, isEncrypted: isEncrypted, unixMode: unixMode(of: index))
    }

    /// Unpacks one entry and hands its bytes over in pieces: `size` of them, as the archive declares.
    ///
    /// libzip checks the CRC at the end.
    func read(
        _ index: UInt64, size: Int, into body: (UnsafeRawBufferPointer) throws(WorkshopError) -> Void
    ) throws(WorkshopError) {
        guard let file = zip_fopen_index(archive, index, 0) else { throw .invalidZip(lastError) }
        defer { zip_fclose(file) }
        var total = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let read = buffer.withUnsafeMutableBytes { zip_fread(file, $0.baseAddress, UInt64($0.count)) }
            guard read >= 0 else { throw .invalidZip(String(cString: zip_error_strerror(zip_file_get_error(file)))) }
            guard read > 0 else { break }
            total += Int(read)
            guard total <= size else { throw .invalidZip("an entry is larger than it declares") }
            try buffer.withUnsafeBytes { bytes -> Result<Void, WorkshopError> in
                Result { () throws(WorkshopError) in try body(UnsafeRawBufferPointer(rebasing: bytes[..<Int(read)])) }
            }.get()
        }
        guard total == size else { throw .invalidZip("an entry is smaller than it declares") }
    }

    /// The name as stored if that is UTF-8, which archivers on Linux write without saying so, else from code page 437.
    private func name(of index: UInt64) -> String? {
        guard let raw = zip_get_name(archive, index, UInt32(ZIP_FL_ENC_RAW)) else { return nil }
        if let name = String(validatingCString: raw) { return name }
        return zip_get_name(archive, index, UInt32(ZIP_FL_ENC_GUESS)).flatMap { String(validatingCString: $0) }
    }

    private func unixMode(of index: UInt64) -> UInt32? {
        var system: UInt8 = 0
        var attributes: UInt32 = 0
        guard zip_file_get_external_attributes(archive, index, 0, &system, &attributes) == 0,
            UInt32(system) == ZIP_OPSYS_UNIX || UInt32(system) == ZIP_OPSYS_OS_X
        else { return nil }
        return attributes >> 16
    }

    private var lastError: String { String(cString: zip_error_strerror(zip_get_error(archive))) }

    private static func text(ofCode code: CInt) -> String {
        var error = zip_error_t()
        zip_error_init_with_code(&error, code)
        defer { zip_error_fini(&error) }
        return String(cString: zip_error_strerror(&error))
    }
}

extension ZipArchive {
    /// Reads the directory and decides what unpacking would make.
    package func plan(limits: ZipLimits) throws(WorkshopError) -> ZipPlan {
        // Cheap refusal before a million entries are looked at; the plan counts exactly.
        guard count <= UInt64(limits.nodes) else { throw .invalidZip("it has more than \(limits.nodes) entries") }
        var entries: [ZipEntry] = []
        entries.reserveCapacity(Int(count))
        for index in 0..<count { entries.append(try entry(index)) }
        return try ZipPlan(entries, limits: limits)
    }
}
