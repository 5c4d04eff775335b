package import FunctionModel
internal import LinuxKit
internal import SystemPackage

extension FunctionControl {
    package func functionCode(_ reference: FunctionReference) async throws(LambdaError) -> [UInt8] {
        let function = try await functions.resolve(reference)
        let path = try functions.codePath(function.code)
        let size = function.code.size
        do {
            return try await BlockingThread.run {
                let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
                return try file.closeAfter {
                    try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                        while count < size {
                            let read = try file.read(
                                into: UnsafeMutableRawBufferPointer(
                                    rebasing: UnsafeMutableRawBufferPointer(buffer)[count...]))
                            if read == 0 { break }
                            count += read
                        }
                    }
                }
            }
        } catch {
            throw .service("cannot read the code \(path): \(error)")
        }
    }
}
