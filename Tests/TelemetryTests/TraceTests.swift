import Foundation
import Logging
import SystemPackage
import Telemetry
import TestSupport
import Testing
import Tracing

@Suite struct TraceTests {
    private struct Failed: Error, CustomStringConvertible {
        var description: String { "no room" }
    }

    private static let root = "1-5759e988-bd862e3fe1be46a994272793"

    @Test("the hops of a call are a tree: each names the one around it, and fails when it threw")
    func tree() async throws {
        let written = Written()
        let calls = CallTracer(TraceLog { written.add($0) })
        let context = calls.context(of: "Root=\(Self.root);Parent=53995c3f42cd8ad8;Sampled=1")
        let header = await CallScope.$requestID.withValue("8a1c") {
            await calls.hop("invoke", kind: .server, in: context, attributes: ["function": "f", "count": 2]) { _ in
                await calls.hop("claim") { span in span?.attributes["start"] = "warm" }
                try? await calls.hop("thaw") { (_) throws(Failed) in throw Failed() }
                calls.note("cell", from: 1_000_000_000, to: 3_500_000_000)
                return calls.header()
            }
        }
        let spans = try written.objects()
        #expect(spans.map { $0["name"] as? String } == ["claim", "thaw", "cell", "invoke"])
        let invoke = try #require(spans.last)
        #expect(spans.allSatisfy { $0["trace"] as? String == Self.root })
        #expect(spans.allSatisfy { $0["requestId"] as? String == "8a1c" })
        #expect(invoke["parent"] as? String == "53995c3f42cd8ad8")
        #expect(invoke["kind"] as? String == "server")
        #expect(invoke["error"] == nil)
        #expect((invoke["attributes"] as? [String: Any])?["function"] as? String == "f")
        #expect((invoke["attributes"] as? [String: Any])?["count"] as? Int == 2)
        for span in spans.dropLast() { #expect(span["parent"] as? String == invoke["span"] as? String) }
        #expect((spans[0]["attributes"] as? [String: Any])?["start"] as? String == "warm")
        #expect(spans[1]["error"] as? String == "failed" || spans[1]["error"] as? String == "no room")
        #expect(spans[2]["seconds"] as? Double == 2.5)
        #expect(spans[2]["start"] as? String == "1970-01-01T00:00:01.000Z")
        // What is called next belongs to the hop that calls.
        #expect(header == "Root=\(Self.root);Parent=\(invoke["span"] as? String ?? "");Sampled=1")
    }

    @Test("a call without a trace begins one; one that is not to be sampled is passed on and not written")
    func sampling() async throws {
        let written = Written()
        let calls = CallTracer(TraceLog { written.add($0) })
        let own = await calls.hop("a", in: calls.context(of: nil)) { _ in calls.header() }
        #expect(try #require(own.flatMap { TraceHeader($0) }).isSampled == true)
        let passed = await calls.hop("b", in: calls.context(of: "Root=\(Self.root);Sampled=0")) { _ in calls.header() }
        let header = try #require(passed.flatMap { TraceHeader($0) })
        #expect(header.root == Self.root && header.isSampled == false && header.parent != nil)
        #expect(try written.objects().map { $0["name"] as? String } == ["a"])
    }

    @Test("without a tracer there is no span, no header and no context")
    func off() async {
        let calls = CallTracer.off
        let (span, header) = await calls.hop("a", in: calls.context(of: "Root=\(Self.root)")) { span in
            (span, calls.header())
        }
        #expect(span == nil && header == nil && ServiceContext.current == nil)
    }

    @Test(
        "a header that names no trace is none",
        arguments: [
            "", ";;;", "Root", "Root=", "Root=1-5759e988", "Root=2-5759e988-bd862e3fe1be46a994272793",
            "Root=1-5759e98-bd862e3fe1be46a994272793", "Root=1-5759e988-bd862e3fe1be46a99427279g",
            "Root=1-5759e988-bd862e3fe1be46a994272793-1", "Parent=53995c3f42cd8ad8",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=" + String(repeating: "a", count: 300),
        ])
    func bad(text: String) { #expect(TraceHeader(text) == nil) }

    @Test(
        "a header is read in any order, with what others add",
        arguments: [
            ("Root=\(root)", "Root=\(root)"), ("Sampled=0; Root=\(root)", "Root=\(root);Sampled=0"),
            ("Root=\(root);Parent=53995c3f42cd8ad8;Sampled=?", "Root=\(root);Parent=53995c3f42cd8ad8"),
            ("Self=1;Root=\(root);Parent=short;Sampled=1;Lineage=a:1", "Root=\(root);Sampled=1"),
        ])
    func good(text: String, read: String) { #expect(TraceHeader(text)?.description == read) }

    @Test("spans go to the end of a file, whole, and none after it is closed")
    func file() async throws {
        try await withScratchDirectory { directory in
            let path = directory.appending("spans")
            for round in 1...2 {
                let file = try TraceFile(path, logger: Logger(label: "test"))
                await withTaskGroup(of: Void.self) { group in
                    for task in 0..<4 {
                        group.addTask {
                            for index in 0..<100 { file.append(Array("\(round) \(task) \(index)\n".utf8)) }
                        }
                    }
                }
                await file.close()
                file.append(Array("late\n".utf8))
                await file.close()
                let lines = try String(contentsOfFile: path.string, encoding: .utf8).split(separator: "\n")
                #expect(lines.count == round * 400)
                #expect(Set(lines).count == lines.count)
            }
        }
    }

    @Test("a file that cannot be written is said at once")
    func unwritable() {
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try TraceFile("/nonexistent/spans", logger: Logger(label: "test"))
        }
    }
}
