import Foundation
import Testing

@testable import MicroVMEngine

@Suite struct QMPMessageTests {
    @Test(
        "a line is told apart by its members",
        arguments: [
            (
                #"{"QMP": {"version": {"qemu": {"micro": 2, "minor": 1, "major": 7}, "package": "D"}, "capabilities": []}}"#,
                "greeting 7.1.2 (D)"
            ),
            (#"{"return": {}}"#, "reply"),
            (#"{"return": {"status": "running"}}"#, "reply"),
            (#"{"error": {"class": "GenericError", "desc": "no such file"}}"#, "failure no such file"),
            (#"{"timestamp": {}, "event": "MIGRATION", "data": {"status": "completed"}}"#, "event MIGRATION completed"),
            (#"{"timestamp": {}, "event": "RESUME"}"#, "event RESUME -"),
            (#"{"timestamp": {}, "event": "ODD", "data": {"status": 7}}"#, "event ODD -"),
        ])
    func kinds(line: String, expected: String) throws {
        let described =
            switch try QMPMessage(line: Data(line.utf8)) {
            case .greeting(let version): "greeting \(version)"
            case .reply: "reply"
            case .failure(let text): "failure \(text)"
            case .event(let event): "event \(event.name) \(event.status ?? "-")"
            }
        #expect(described == expected)
    }

    @Test("what is not QMP is an error", arguments: ["", "{}", "[]", "{\"other\": 1}", "\u{0}", "{\"error\": 5}"])
    func hostile(line: String) {
        #expect(throws: QMPError.self) { try QMPMessage(line: Data(line.utf8)) }
    }

    @Test("a command is its name and its members")
    func request() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let bytes = try encoder.encode(QMPRequest(command: Migrate(uri: "fd:state")))
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"arguments":{"uri":"fd:state"},"execute":"migrate"}"#)
    }
}
