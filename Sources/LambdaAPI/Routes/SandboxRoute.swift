import Hummingbird
import Worker

/// What no AWS client asks: the sandboxes there are, for `thaw slots`.
struct SandboxRoute: RouteGroup {
    let sandboxes: any SandboxListing

    func add(to router: Router<Context>) {
        router.get("_thaw/sandboxes") { _, _ in
            try Response(json: ["Sandboxes": sandboxes.sandboxes().map(SandboxShape.init)])
        }
    }
}

private struct SandboxShape: Encodable {
    enum CodingKeys: String, CodingKey {
        case functionName = "FunctionName"
        case version = "Version"
        case slot = "Slot"
        case isIdle = "Idle"
    }

    var functionName: String
    var version: String
    var slot: Int?
    var isIdle: Bool

    init(_ summary: SandboxSummary) {
        functionName = summary.functionName
        version = summary.version
        slot = summary.slot
        isIdle = summary.isIdle
    }
}
