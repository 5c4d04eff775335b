import ArgumentParser
import Glibc
import Logging
import NIOCore
import ServiceLifecycle

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the AWS Lambda API.",
        discussion: """
            Point any AWS client at it, for example: aws --endpoint-url http://127.0.0.1:9000 lambda list-functions
            SIGTERM and SIGINT stop it; invocations under way are given time to end.
            """)

    @OptionGroup var options: ServerOptions

    // The main actor is no place to serve from.
    @concurrent
    func run() async throws {
        guard geteuid() == 0 else { throw ServerError.notRoot }
        let logger = Logger.forServer(options.logLevel)
        let server = try await Server.make(options, logger: logger)
        let address = options.address
        let services = server.serviceGroup { port in
            logger.notice("listening", metadata: ["url": "http://\(address):\(port)"])
        }
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await services.run()) } catch { outcome = .failure(error) }
        try await server.close()
        do { try outcome.get() } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ServerError.addressInUse(address, options.port)
        }
    }
}

extension Logger {
    /// The server's own log goes to standard error; standard output is for answers.
    static func forServer(_ level: Level) -> Logger {
        var logger = Logger(label: "thaw") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }
}
