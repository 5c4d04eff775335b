import Foundation
import FunctionModel
import LinuxKit

/// The function that tells what it sees of the network and lets itself be looked for: it listens in its own slot.
enum NetworkProbe {
    /// Where every clone listens.
    static let port = 8080
    static let runtime = "python3.11"

    struct Question: Encodable, Sendable {
        /// Whom to ask for a greeting: `ADDRESS:PORT`.
        var servers: [String] = []
        /// Where other clones seem to be.
        var clones: [String] = []
        /// How long a connection may take to come about.
        var patience: Double
        /// How long to be busy afterwards, so that nobody else is answered by this clone.
        var hold: Double
    }

    struct Answer: Decodable, Sendable {
        /// Another one for every clone.
        var clone: String
        /// What it knows itself by.
        var inside: String
        /// What it was told, by whom it reached.
        var reached: [String: String]
        /// Why not, by whom it did not reach.
        var refused: [String: String]
    }

    static func function(name: String, tags: [String: String]) -> MeasuredFunction {
        var zip = ZipWriter()
        zip.add("probe.py", Array(code.utf8))
        return MeasuredFunction(
            name: name, runtime: runtime, handler: "probe.handler", memorySize: 256, timeout: 60, environment: [:],
            zip: zip.archive, event: [], expected: .object([:]), tags: tags)
    }

    private static let code = """
        import concurrent.futures, errno, os, socket, time

        listener = clone = None

        def handler(event, context):
            global listener, clone
            if listener is None:
                listener = socket.create_server(("", \(port)))
                clone = os.urandom(8).hex()
            asked = event["servers"] + event["clones"]
            with concurrent.futures.ThreadPoolExecutor(max(1, len(asked))) as pool:
                found = dict(zip(asked, pool.map(lambda place: reach(place, event["patience"]), asked)))
            time.sleep(event["hold"])
            return {
                "clone": clone,
                "inside": inside(),
                "reached": {place: said for place, (said, _) in found.items() if said is not None},
                "refused": {place: why for place, (said, why) in found.items() if said is None},
            }

        def inside():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
                datagrams.connect(("192.0.2.1", 9))  # Sends nothing.
                return datagrams.getsockname()[0]

        def reach(place, patience):
            address, port = place.split(":")
            try:
                connection = socket.create_connection((address, int(port)), timeout=patience)
            except OSError as error:
                return None, errno.errorcode.get(error.errno, "no answer")
            with connection:
                try:
                    return connection.makefile().read(), None
                except OSError as error:
                    return str(error), None

        """
}
