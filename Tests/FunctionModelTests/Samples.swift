import FunctionModel

import struct Foundation.Date

extension FunctionConfiguration {
    static func sample(
        version: FunctionVersion = .latest, state: FunctionState = .active, lastUpdate: LastUpdate? = .successful,
        snapStart: SnapStart.ApplyOn = .none
    ) -> Self {
        FunctionConfiguration(
            functionName: "orders", version: version, runtime: "python3.11",
            role: "arn:aws:iam::123456789012:role/lambda", handler: "app.handler",
            snapStart: SnapStart(applyOn: snapStart, optimizationStatus: .off),
            code: CodeReference(digest: [UInt8](repeating: 7, count: 32), size: 276), state: state,
            lastUpdate: lastUpdate, lastModified: Date(timeIntervalSince1970: 1_700_000_000), revisionID: "first")
    }
}
