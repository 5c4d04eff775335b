import Foundation
import MicroVMEngine
import Testing

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
        #expect(try text(Migrate(uri: "fd:state")) == #"{"arguments":{"uri":"fd:state"},"execute":"migrate"}"#)
        #expect(try text(AddDescriptor(set: 100)) == #"{"arguments":{"fdset-id":100},"execute":"add-fd"}"#)
    }

    private func text(_ command: some QMPCommand) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(QMPRequest(command: command)), as: UTF8.self)
    }

    @Test("the set that a descriptor was added to is in the reply")
    func added() throws {
        let line = Data(#"{"return": {"fd": 12, "fdset-id": 100}}"#.utf8)
        #expect(try JSONDecoder().decode(QMPReply<AddDescriptor.Reply>.self, from: line).reply.set == 100)
    }

    @Test(
        "a migration goes to a file by name where QEMU knows that",
        arguments: [
            ((7, 2), false), ((8, 1), false), ((8, 2), true), ((9, 0), true), ((10, 0), true), ((11, 1), true),
        ])
    func files(number: (Int, Int), migratesToFiles: Bool) {
        let version = QEMUVersion(major: number.0, minor: number.1, micro: 0, package: "")
        #expect(version.migratesToFiles == migratesToFiles)
    }
}
