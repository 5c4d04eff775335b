import Foundation
import FunctionModel
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LambdaAPI
import NIOCore
import Synchronization
import Testing

/// Over a socket.
@Suite struct LambdaServerTests {
    @Test("The port that the kernel chose is told, and served", .timeLimit(.minutes(1)))
    func boundPort() async throws {
        let (ports, feed) = AsyncStream<Int>.makeStream()
        let application = APITester(FakeLambdaService(functions: [.sample()])).server.application { feed.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            #expect(port > 0)
            try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
                let response = try await client.execute(
                    TestClient.Request("/2015-03-31/functions/f", method: .get, authority: "127.0.0.1:\(port)"))
                #expect(response.status == .ok)
                let text = response.body.map { String(buffer: $0) } ?? ""
                #expect(text.contains("http://127.0.0.1:\(port)/_thaw/code/f/%24LATEST"))
            }
            group.cancelAll()
        }
    }

    @Test("A refused upload does not cost the connection", .timeLimit(.minutes(1)))
    func refusedUpload() async throws {
        let server = APITester(FakeLambdaService(functions: [.sample()])).server
        try await server.application().test(.live) { client in
            let tooLarge = ByteBuffer(repeating: UInt8(ascii: " "), count: Limits.payload + 1)
            let uri = "/2015-03-31/functions/f/invocations"
            let refused = try await client.execute(uri: uri, method: .post, body: tooLarge)
            #expect(refused.status.code == 413)
            let served = try await client.execute(uri: uri, method: .post, body: ByteBuffer(string: "{}"))
            #expect(served.status == .ok)
            #expect(String(buffer: served.body) == "{}")
        }
    }

    @Test("What is in which slot is told to the commands beside the server")
    func sandboxes() async throws {
        let response = try await APITester(FakeLambdaService()).send(.get, "/_thaw/sandboxes")
        #expect(
            response.text
                == #"{"Sandboxes":[{"FunctionName":"f","Idle":true,"Slot":7,"Version":"1"},"#
                + #"{"FunctionName":"g","Idle":false,"Version":"$LATEST"}]}"#)
    }

    @Test("Every exchange has a request id of its own")
    func requestIDs() async throws {
        let tester = APITester(FakeLambdaService())
        var seen: Set<String> = []
        for _ in 0..<10 {
            let response = try await tester.send(.get, "/2015-03-31/functions")
            let id = try #require(response.header("x-amzn-RequestId"))
            #expect(id.wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil)
            seen.insert(id)
        }
        #expect(seen.count == 10)
    }
}
