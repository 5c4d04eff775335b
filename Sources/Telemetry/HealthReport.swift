/// What a server says of itself at `/healthz`.
package struct HealthReport: Sendable, Equatable {
    package struct Check: Sendable, Equatable {
        package var name: String
        /// What is wrong; nil: nothing.
        package var failure: String?

        package init(_ name: String, failure: String? = nil) {
            self.name = name
            self.failure = failure
        }
    }

    package var checks: [Check]

    package init(_ checks: [Check]) { self.checks = checks }

    package var isHealthy: Bool { checks.allSatisfy { $0.failure == nil } }

    /// 200, or 503: what load balancers and service managers go by.
    package var httpStatus: Int { isHealthy ? 200 : 503 }

    /// `{"status":"ok","checks":{"store":"ok","slots":"none is left"}}`
    package var json: [UInt8] {
        JSONText.object([
            ("status", .string(isHealthy ? "ok" : "unhealthy")),
            ("checks", .object(checks.map { ($0.name, .string($0.failure ?? "ok")) })),
        ])
    }
}
