/// Open files that a runtime is given beside the usual three.
package enum RuntimeDescriptor {
    /// One more of standard output, to which a runtime's logger writes a record in one frame each: AWS's number for it, and the
    /// variable that tells it. Only runtimes whose image sets the variable get it.
    package static let records: CInt = 62
    package static let recordsVariable = "_LAMBDA_TELEMETRY_LOG_FD"
}

extension Initialization {
    /// The descriptor of records, if this runtime is told one.
    package var recordsDescriptor: CInt? {
        environment.contains {
            $0.name == RuntimeDescriptor.recordsVariable && $0.value == "\(RuntimeDescriptor.records)"
        }
            ? RuntimeDescriptor.records : nil
    }
}
