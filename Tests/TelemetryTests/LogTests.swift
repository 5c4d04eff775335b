import Foundation
import Logging
import Synchronization
import Telemetry
import Testing

/// Lines that were written.
final class Written: Sendable {
    private let text = Mutex<[UInt8]>([])

    func add(_ bytes: [UInt8]) { text.withLock { $0 += bytes } }

    var all: String { String(decoding: text.withLock { $0 }, as: UTF8.self) }

    /// Each line as the JSON object that it must be.
    func objects() throws -> [[String: Any]] {
        try all.split(separator: "\n").map { line in
            try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }
}

@Suite struct LogTests {
    private static func logger(_ written: Written) -> Logger {
        var logger = Logger(label: "test") { _ in
            JSONLogHandler(
                metadataProvider: CallScope.metadata, now: { 1_795_994_723_004_000_000 }, write: { written.add($0) })
        }
        logger.logLevel = .info
        return logger
    }

    @Test("a line of the log is an object: time, level, message, then the metadata by name")
    func golden() {
        let written = Written()
        var logger = Self.logger(written)
        logger[metadataKey: "server"] = "a"
        logger.warning("it failed", metadata: ["error": "no \"room\"\n", "count": "\(3)", "list": ["x", ["k": "v"]]])
        logger.debug("not shown")
        #expect(
            written.all == """
                {"time":"2026-11-29T23:25:23.004Z","level":"warning","message":"it failed","count":"3",\
                "error":"no \\"room\\"\\n","list":["x",{"k":"v"}],"server":"a"}

                """)
    }

    @Test("metadata cannot pass for what a line begins with")
    func reserved() throws {
        let written = Written()
        Self.logger(written).info("m", metadata: ["level": "none", "time": "never", "message": "other"])
        let object = try #require(try written.objects().first)
        #expect(object["level"] as? String == "info")
        #expect(object["message"] as? String == "m")
        #expect(object["level_"] as? String == "none")
    }

    @Test("what belongs to a call says to which, tasks that it begins included, and nothing else does")
    func requestID() async throws {
        let written = Written()
        let logger = Self.logger(written)
        logger.info("before")
        let task = CallScope.$requestID.withValue("8a1c") {
            logger.info("within", metadata: ["function": "f"])
            return Task { logger.info("later") }
        }
        await task.value
        logger.info("after")
        let ids = try written.objects().map { [$0["message"], $0["requestId"]].map { $0 as? String } }
        #expect(ids == [["before", nil], ["within", "8a1c"], ["later", "8a1c"], ["after", nil]])
    }

    @Test(
        "every text is JSON",
        arguments: ["", "\"", "\\", "\u{0}\u{1f}\r\t", "größe 🧊", "\u{2028}", #"{"a":1}"#])
    func escapes(text: String) throws {
        let bytes = JSONText.object([
            ("k", .string(text)), (text, .list([.number(.nan), .number(0.5), .bool(true), .integer(-1)])),
        ])
        let object = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        #expect(object["k"] as? String == text)
        let list = try #require(object[text] as? [Any])
        #expect(list[0] is NSNull)
        #expect(list[1] as? Double == 0.5)
    }

    @Test("health is said in one object, with the status that goes by it")
    func health() {
        let well = HealthReport([.init("process"), .init("store")])
        #expect(well.isHealthy && well.httpStatus == 200)
        #expect(
            String(decoding: well.json, as: UTF8.self) == #"{"status":"ok","checks":{"process":"ok","store":"ok"}}"#)
        let ill = HealthReport([.init("process"), .init("store", failure: "read-only")])
        #expect(!ill.isHealthy && ill.httpStatus == 503)
        #expect(
            String(decoding: ill.json, as: UTF8.self)
                == #"{"status":"unhealthy","checks":{"process":"ok","store":"read-only"}}"#)
    }
}
