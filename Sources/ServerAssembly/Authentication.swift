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
    let tls: ServerTLS?

    package static func make(_ configuration: ServerConfiguration) throws -> Authentication {
        guard configuration.verifiesSignatures == (configuration.users != nil) else { throw ServerError.usersAndAuth }
        let tls = try tls(configuration)
        guard let path = configuration.users else {
            guard configuration.allowsUnauthenticated || isLoopback(configuration) else {
                throw ServerError.openToOthers(configuration.address)
            }
            return Authentication(authenticator: nil, localKey: nil, tls: tls)
        }
        let users = try UserDirectory(parsing: try read(path), of: path)
        let localKey = LocalKey.make(region: configuration.account.region)
        return Authentication(
            authenticator: Authenticator(users: users.adding(localKey.user), region: localKey.region),
            localKey: localKey, tls: tls)
    }

    /// Says who may call, once somebody can.
    func announce(_ configuration: ServerConfiguration, to logger: Logger) {
        if tls == nil, !Self.isLoopback(configuration) {
            logger.warning(
                "no TLS: whoever is on the way reads what clients and functions say; see --tls-certificate",
                metadata: ["address": "\(configuration.address)"])
        }
        if let users = configuration.users {
            logger.notice("signatures are verified", metadata: ["users": "\(users)"])
        } else {
            logger.notice("any signature is accepted, and none is needed: whoever reaches the port may do everything")
        }
    }

    private static func isLoopback(_ configuration: ServerConfiguration) -> Bool {
        AllowedHosts.isLoopback(authority: configuration.address)
    }

    private static func tls(_ configuration: ServerConfiguration) throws -> ServerTLS? {
        switch (configuration.certificates, configuration.privateKey) {
        case (nil, nil): return nil
        case (let certificates?, let key?):
            do {
                guard try FileStatus.of(key).permissions.isDisjoint(with: .otherReadWriteExecute) else {
                    throw ServerError.unusableCertificate(certificates, key, "everybody on this host may read the key")
                }
                return try ServerTLS(
                    certificates: try SmallFile.bytes(certificates), privateKey: try SmallFile.bytes(key))
            } catch let error as ServerError {
                throw error
            } catch {
                throw ServerError.unusableCertificate(certificates, key, "\(error)")
            }
        default: throw ServerError.certificateAndKey
        }
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
