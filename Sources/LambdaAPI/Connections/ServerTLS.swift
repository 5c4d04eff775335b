import NIOSSL

/// With what a server proves who it is, and keeps what is said from others: TLS, from 1.2 on.
package struct ServerTLS: Sendable {
    let configuration: TLSConfiguration

    /// - Parameters:
    ///   - certificates: PEM: the server's own first, then those that lead to one that clients know.
    ///   - privateKey: PEM, of the first.
    /// - Throws: what is wrong with them.
    package init(certificates: [UInt8], privateKey: [UInt8]) throws {
        let chain = try NIOSSLCertificate.fromPEMBytes(certificates).map { NIOSSLCertificateSource.certificate($0) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(try NIOSSLPrivateKey(bytes: privateKey, format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        // It finds out whether the key is the certificate's.
        _ = try NIOSSLContext(configuration: configuration)
        self.configuration = configuration
    }
}
