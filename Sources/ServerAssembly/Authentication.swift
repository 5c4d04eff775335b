import Authorization
import FunctionModel
import Glibc
import LambdaAPI
import LinuxKit
import Logging
import SystemPackage

/// Who may call a server.
package struct Authentication: Sendable {
    /// Nil where everybody may call who reaches the port.
    package let authenticator: Authenticator?
    /// Of the commands beside the server, where it has users.
    let localKey: LocalKey?

    package static func make(_ configuration: ServerConfiguration, logger: Logger) throws -> Authentication {
        guard configuration.verifiesSignatures == (configuration.users != nil) else { throw ServerError.usersAndAuth }
        guard let path = configuration.users else {
            guard configuration.allowsUnauthenticated || AllowedHosts.isLoopback(authority: configuration.address)
            else { throw ServerError.openToOthers(configuration.address) }
            logger.notice("any signature is accepted, and none is needed: whoever reaches the port may do everything")
            return Authentication(authenticator: nil, localKey: nil)
        }
        let users = try UserDirectory(parsing: try read(path), of: path)
        logger.notice(
            "signatures are verified", metadata: ["users": "\(users.users.count)", "file": "\(path)"])
        let localKey = LocalKey.make(region: configuration.account.region)
        return Authentication(
            authenticator: Authenticator(users: users.adding(localKey.user), region: localKey.region),
            localKey: localKey)
    }

    private static func read(_ path: FilePath) throws(UsersFileError) -> [UInt8] {
        let (status, bytes): (FileStatus, [UInt8])
        do throws(Errno) {
            status = try FileStatus.of(path)
            bytes = try SmallFile.bytes(path)
        } catch {
            throw UsersFileError(path, "it cannot be read (\(error))")
        }
        let isOurs = status.user == 0 || status.user == geteuid()
        guard isOurs, status.permissions.isDisjoint(with: [.groupReadWriteExecute, .otherReadWriteExecute]) else {
            throw UsersFileError(
                path,
                "there are secrets in it, and it is not root's alone: chown root \(path) && chmod 600 \(path)")
        }
        return bytes
    }
}
