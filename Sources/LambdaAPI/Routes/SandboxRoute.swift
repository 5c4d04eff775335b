import Hummingbird
import Worker

/// What no AWS client asks: the sandboxes there are, for `thaw slots`.
struct SandboxRoute: RouteGroup {
    let sandboxes: any SandboxListing

    func add(to router: Router<Context>) {
        router.get("_thaw/sandboxes") { _, _ in
            try Response(json: SandboxList(sandboxes.sandboxes()))
        }
    }
}
