package import PrometheusMetrics

/// Every metric of a server. docs/metrics.md tells the same, and a test holds the two together.
package enum MetricCatalog {
    // MARK: - Events, counted as they happen

    static let apiRequests = counter("thaw_api_requests_total", "Requests to the API, by route and class of status.")
    static let apiDuration = histogram(
        "thaw_api_request_duration_seconds", "From a request's head to its answer, by route.")

    static let invocations = counter("thaw_invocations_total", "Invocations, by function and outcome.")
    static let preparation = histogram(
        "thaw_invocation_preparation_seconds", "From an invocation's arrival to its sandbox, by how that came to be.",
        fromMicroseconds)
    static let duration = histogram(
        "thaw_invocation_duration_seconds",
        "From the event's handing over to the answer, by how the sandbox came to be.")
    static let firstResponse = histogram(
        "thaw_first_response_seconds", "From arrival to answer, for the first invocation of a sandbox.")
    static let functionDuration = histogram(
        "thaw_function_duration_seconds", "From the event's handing over to the answer, by function.")

    static let thaws = counter("thaw_thaws_total", "Clones made of snapshots, by isolation and outcome.")
    static let thawDuration = histogram(
        "thaw_thaw_duration_seconds",
        "From a thaw's begin to a clone that waits for its event, by isolation and origin.")
    static let thawPhase = histogram(
        "thaw_thaw_phase_seconds", "Phases of the thaws that succeeded, which add up to their duration.",
        fromMicroseconds)
    static let boots = counter("thaw_boots_total", "Environments booted and initialised, by isolation and outcome.")
    static let bootDuration = histogram(
        "thaw_boot_duration_seconds", "From a boot's begin to the end of init, by isolation.")

    static let publishes = counter(
        "thaw_publishes_total", "Publishes with a snapshot, by outcome: active, or the version's StateReasonCode.")
    static let publishStep = histogram("thaw_publish_step_seconds", "Steps of publishes, by step and outcome.")

    // MARK: - States, read at a scrape

    static let slots = gauge("thaw_slots", "Network slots, by state.")
    static let slotClaim = histogram("thaw_slot_claim_seconds", "Claims of network slots.", [])
    static let slotBuild = histogram("thaw_slot_build_seconds", "Builds of network slots.", [])
    static let slotReset = histogram("thaw_slot_reset_seconds", "Resets of network slots.", [])

    static let sandboxes = gauge("thaw_sandboxes", "Sandboxes that functions have, by state.")
    static let sandboxLimit = gauge("thaw_sandboxes_limit", "How many there may be.")
    static let publishesUnderWay = gauge(
        "thaw_publishes_under_way", "Publishes that run or wait for their turn, by state.")

    static let templates = gauge("thaw_templates", "Frozen parents of clones that run, by isolation.")
    static let readyClones = gauge("thaw_ready_clones", "Clones prepared ahead, by isolation.")
    static let readyCells = gauge("thaw_ready_cells", "Cells that wait for the next sandboxes, by isolation.")
    static let sandboxMemory = gauge(
        "thaw_sandboxes_memory_bytes", "Memory charged to sandboxes and templates, by isolation.")

    static let snapshots = gauge("thaw_snapshots", "Snapshots in the store.")
    static let snapshotBytes = gauge("thaw_snapshots_bytes", "What they take on disk.")

    static let hostMemory = gauge("thaw_host_memory_bytes", "The host's memory.")
    static let hostMemoryAvailable = gauge(
        "thaw_host_memory_available_bytes", "What of it could be taken without swapping.")

    static let build = gauge("thaw_build_info", "Always 1; the label tells the version.")
    static let startTime = gauge("thaw_server_start_time_seconds", "When the server started, since 1970.")
    static let processorTime = counter("thaw_server_cpu_seconds_total", "Processor time of the server's own process.")
    static let residentMemory = gauge("thaw_server_resident_memory_bytes", "Memory of the server's own process.")
    static let openFiles = gauge("thaw_server_open_files", "Descriptors that the server's process has open.")

    static let events = [
        apiRequests, apiDuration, invocations, preparation, duration, firstResponse, functionDuration, thaws,
        thawDuration,
        thawPhase, boots, bootDuration, publishes, publishStep,
    ]

    private static let states = [
        slots, slotClaim, slotBuild, slotReset, sandboxes, sandboxLimit, publishesUnderWay, templates, readyClones,
        readyCells,
        sandboxMemory, snapshots, snapshotBytes, hostMemory, hostMemoryAvailable, build, startTime, processorTime,
        residentMemory, openFiles,
    ]

    package static let all = events + states

    // MARK: - Making

    /// For what is over in microseconds where all is well.
    private static let fromMicroseconds: [Double] = [
        0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
        2.5, 5, 10, 30,
    ]

    private static func counter(_ name: String, _ help: String) -> MetricDescription {
        MetricDescription(name, .counter, help: help)
    }

    private static func gauge(_ name: String, _ help: String) -> MetricDescription {
        MetricDescription(name, .gauge, help: help)
    }

    private static func histogram(
        _ name: String, _ help: String, _ buckets: [Double] = MetricDescription.defaultBuckets
    ) -> MetricDescription {
        MetricDescription(name, .histogram, help: help, buckets: buckets)
    }
}
