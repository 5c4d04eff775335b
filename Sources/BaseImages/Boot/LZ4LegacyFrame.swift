/// Decodes the "legacy" LZ4 frame that Linux compresses its kernels with: a magic number, then blocks of
/// a little-endian length and as many bytes. Bounds are checked: damaged input is an error.
package enum LZ4LegacyFrame {
    package enum Failure: Error, Equatable { case badMagic, truncated, badOffset, tooLarge }

    package static let magic: [UInt8] = [0x02, 0x21, 0x4c, 0x18]

    /// - Parameter limit: the most bytes that the result may have; that much is reserved at once.
    package static func decode(_ input: ArraySlice<UInt8>, limit: Int) throws(Failure) -> [UInt8] {
        guard input.starts(with: magic) else { throw .badMagic }
        var failure: Failure?
        let output = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            var output = Output(memory: buffer)
            do throws(Failure) {
                try decodeBlocks(input.dropFirst(magic.count), into: &output)
            } catch {
                failure = error
            }
            count = output.count
        }
        if let failure { throw failure }
        return output
    }

    private static func decodeBlocks(_ input: ArraySlice<UInt8>, into output: inout Output) throws(Failure) {
        var position = input.startIndex
        while input.endIndex - position >= 4 {
            let length = (0..<4).reduce(0) { $0 | Int(input[position + $1]) << (8 * $1) }
            position += 4
            guard length <= input.endIndex - position else { throw .truncated }
            try decodeBlock(input[position..<position + length], into: &output)
            position += length
        }
    }

    /// One block: a token, literals, then a copy of what is already there, until a last run of literals ends it.
    private static func decodeBlock(_ block: ArraySlice<UInt8>, into output: inout Output) throws(Failure) {
        output.beginBlock()
        var position = block.startIndex
        while position < block.endIndex {
            let token = Int(block[position])
            position += 1
            let literals = try length(token >> 4, in: block, at: &position)
            guard literals <= block.endIndex - position else { throw .truncated }
            try output.append(block[position..<position + literals])
            position += literals
            if position == block.endIndex { return }

            guard block.endIndex - position >= 2 else { throw .truncated }
            let offset = Int(block[position]) | Int(block[position + 1]) << 8
            position += 2
            try output.repeatEnd(offset: offset, count: try length(token & 15, in: block, at: &position) + 4)
        }
    }

    /// A length of 15 goes on in the following bytes, up to the first that is not 255.
    private static func length(_ nibble: Int, in block: ArraySlice<UInt8>, at position: inout Int) throws(Failure)
        -> Int
    {
        guard nibble == 15 else { return nibble }
        var length = nibble
        while position < block.endIndex {
            let byte = block[position]
            position += 1
            length += Int(byte)
            if byte != 255 { return length }
        }
        throw .truncated
    }

    /// The result while it grows. Invariant: the first `count` bytes of `memory` are initialised, and every write is
    /// checked to end within it.
    private struct Output {
        let memory: UnsafeMutableBufferPointer<UInt8>
        private(set) var count = 0
        private var blockStart = 0

        init(memory: UnsafeMutableBufferPointer<UInt8>) {
            self.memory = memory
        }

        mutating func beginBlock() { blockStart = count }

        mutating func append(_ bytes: ArraySlice<UInt8>) throws(Failure) {
            guard bytes.count <= memory.count - count else { throw .tooLarge }
            _ = UnsafeMutableBufferPointer(rebasing: memory[count...]).initialize(from: bytes)
            count += bytes.count
        }

        /// Appends `length` bytes from `offset` before the end; what is appended may itself be repeated.
        ///
        /// Never from before this block: the legacy format compresses each on its own.
        mutating func repeatEnd(offset: Int, count length: Int) throws(Failure) {
            guard offset > 0, offset <= count - blockStart else { throw .badOffset }
            guard length <= memory.count - count else { throw .tooLarge }
            var left = length
            while left > 0 {
                let piece = min(left, offset)
                let source = UnsafeBufferPointer(rebasing: memory[(count - offset)..<(count - offset + piece)])
                _ = UnsafeMutableBufferPointer(rebasing: memory[count..<(count + piece)]).initialize(from: source)
                count += piece
                left -= piece
            }
        }
    }
}
