import ArgumentParser
import Foundation
import Glibc
import LinuxKit
import Logging
import NIOCore
import Sandboxes
import ServerAssembly
import ServiceLifecycle
import SystemPackage
import UnixSignals
import Worker

package struct ServeCommand: AsyncParsableCommand, ConfiguredCommand {
    package static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the AWS Lambda API.",
        discussion: """
            Point any AWS client at it, for example: aws --endpoint-url http://127.0.0.1:9000 lambda list-functions
            SIGTERM and SIGINT stop it; invocations under way are given time to end, until a second signal. A stop ends \
            within that time and a few seconds; where it has to leave something for the next start to clear, with status 75. \
            The log goes to standard error.

            Every option can stand in the configuration file too, a line each: `port = 9000`, `seeds = false`, comments behind \
            #. What the command line says comes before what the environment says (THAW_STATE_DIR), and that before the file.
            """)

    package static var takesServerOptions: Bool { true }

    @OptionGroup package var options: ServerOptions

    package init() {}

    // The main actor is no place to serve from.
    @concurrent
    package func run() async throws {
        guard geteuid() == 0 else { throw ServerError.notRoot }
        let logger = Logger.forServer(options.logLevel, options.logFormat)
        // What it starts is told apart again, each by itself.
        do { try SmallFile.set("/proc/self/oom_score_adj", to: "\(KillOrder.server.rawValue)") } catch {
            logger.debug("cannot protect the server when memory is out", metadata: ["error": "\(error)"])
        }
        let signals = StopSignals(logger: logger)
        let trapped = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let handling = Task { await signals.handle(trapped) }
        defer { handling.cancel() }
        let server = try await Server.make(options.configuration, logger: logger)
        let manager = ServiceManager(environment: ProcessInfo.processInfo.environment)
        let services = server.serviceGroup { port in
            server.announce(port: port)
            try? manager?.tell(.ready)
        }
        let limit = StopLimit(
            drain: options.configuration.drainLimit, logger: logger, endAtOnce: { server.endAtOnce() })
        let earlier = signals.aim(
            at: StopSignals.Target(
                stop: {
                    // As long as invocations may take to end, and a minute for the rest, the slots above all.
                    try? manager?.tell(.stopping(seconds: options.drainSeconds + 60))
                    limit.begin()
                    await services.triggerGracefulShutdown()
                },
                hurry: { limit.hurry() }, giveUp: { limit.giveUp() }))
        let outcome: Result<Void, any Error>
        if earlier > 0 {
            limit.begin()
            outcome = .success(await server.worker.stop())
        } else {
            do { outcome = .success(try await services.run()) } catch { outcome = .failure(error) }
        }
        limit.end()
        try await server.close()
        do { try outcome.get() } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ServerError.addressInUse(options.address, options.port, cause: error)
        }
        logger.notice("stopped")
    }
}
