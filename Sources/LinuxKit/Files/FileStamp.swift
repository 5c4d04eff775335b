/// What a file looked like: another one than before when it has been written or replaced since.
package struct FileStamp: Sendable, Hashable {
    private let inode: UInt64
    private let size: Int64
    private let modified: Int64

    package init(_ status: FileStatus) { (inode, size, modified) = (status.inode, status.size, status.modified) }
}
