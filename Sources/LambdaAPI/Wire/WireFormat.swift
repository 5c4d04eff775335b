import Foundation
import FunctionModel

/// How this server words the domain on the wire.
struct WireFormat: Sendable {
    let scope: AccountScope
    let strictLastUpdateStatus: Bool

    /// - Parameters:
    ///   - qualifier: what the ARN ends with; nil for none.
    ///   - entry: an entry of a list, where AWS leaves the states out.
    func configuration(
        _ configuration: FunctionConfiguration, qualifier: String?, entry: Bool = false
    ) -> FunctionConfigurationShape {
        let arn = scope.arn(name: configuration.functionName, qualifier: qualifier)
        var shape = FunctionConfigurationShape(configuration, arn: arn)
        guard !entry else { return shape }
        shape.runtimeVersionConfig = configuration.runtimeVersionARN.map(
            FunctionConfigurationShape.RuntimeVersionConfig.init)
        setState(of: configuration, in: &shape)
        setLastUpdate(of: configuration, in: &shape)
        return shape
    }

    /// The qualifier that the ARN of an entry shows.
    func entryQualifier(_ configuration: FunctionConfiguration) -> String { configuration.version.qualifier }

    private func setState(of configuration: FunctionConfiguration, in shape: inout FunctionConfigurationShape) {
        let reason: StateReason?
        switch configuration.state {
        case .pending(let given): (shape.state, reason) = ("Pending", given)
        case .active: (shape.state, reason) = ("Active", nil)
        case .inactive(let given): (shape.state, reason) = ("Inactive", given)
        case .failed(let given): (shape.state, reason) = ("Failed", given)
        }
        shape.stateReason = reason?.message ?? configuration.isolationReason
        shape.stateReasonCode = reason?.code
    }

    private func setLastUpdate(of configuration: FunctionConfiguration, in shape: inout FunctionConfigurationShape) {
        switch configuration.lastUpdate {
        case .inProgress(let reason):
            shape.lastUpdateStatus = "InProgress"
            shape.lastUpdateStatusReason = reason.message
            shape.lastUpdateStatusReasonCode = reason.code
        case .successful: shape.lastUpdateStatus = "Successful"
        case .failed(let reason):
            shape.lastUpdateStatus = "Failed"
            shape.lastUpdateStatusReason = reason.message
            shape.lastUpdateStatusReasonCode = reason.code
        case nil:
            if case .pending = configuration.state, !strictLastUpdateStatus { shape.lastUpdateStatus = "InProgress" }
        }
    }

    /// `2026-01-12T15:32:08.000+0000`, or without the fraction, as some resources have it.
    static func lastModified(_ date: Date, withFraction: Bool = true) -> String {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: withFraction)
        return "\(date.formatted(style).dropLast())+0000"  // the style ends with Z
    }
}
