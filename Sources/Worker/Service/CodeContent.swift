package import FunctionModel

/// The zip of a version, for reading. What was opened stays, also when the version is deleted meanwhile.
package struct CodeContent: Sendable {
    package let size: Int
    private let read: @Sendable (_ offset: Int, _ count: Int) throws(LambdaError) -> [UInt8]

    package init(size: Int, read: @escaping @Sendable (_ offset: Int, _ count: Int) throws(LambdaError) -> [UInt8]) {
        self.size = size
        self.read = read
    }

    /// At most `count` bytes from `offset`; fewer only at the end. Blocks.
    package func bytes(at offset: Int, count: Int) throws(LambdaError) -> [UInt8] { try read(offset, count) }
}
