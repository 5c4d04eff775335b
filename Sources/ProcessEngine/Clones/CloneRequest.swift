import CProcessImage
import GuestProtocol
import LinuxKit

/// THAW_CLONE of template_protocol.h: everything a template gives a clone.
struct CloneRequest: Sendable {
    var control: SharedDescriptor
    var holder: SharedDescriptor
    var process: RuntimeEndpoint.ProcessSide
    /// A mount for /var/task, when the template has no function.
    var code: DetachedMount?
    /// Into the sandbox's cgroup.
    var entrance: CgroupEntrance
    var scratchBytes: UInt64
    /// Whether the template's /tmp holds something.
    var hasFrozenScratch: Bool
    /// Whether it may take the time to copy what its siblings had to.
    var isAhead: Bool

    var packet: thaw_clone_request {
        var flags = THAW_CLONE_FRESH_SCRATCH.rawValue
        if hasFrozenScratch { flags |= THAW_CLONE_OVERLAY_SCRATCH.rawValue }
        if isAhead { flags |= THAW_CLONE_PREFAULT.rawValue }
        if code != nil { flags |= THAW_CLONE_CODE.rawValue }
        if entrance.birthplace != nil { flags |= THAW_CLONE_INTO_CGROUP.rawValue }
        return thaw_clone_request(
            kind: THAW_CLONE.rawValue, flags: flags, user: RuntimeUser.user, group: RuntimeUser.group,
            cgroup_files: UInt32(entrance.files.count), reserved: 0, scratch_bytes: scratchBytes)
    }

    /// In the order that the protocol names.
    var descriptors: [SharedDescriptor] {
        let code = code.map { [$0.descriptor] } ?? []
        return [control, holder, process.standardOutput, process.standardError, process.connection] + code
            + entrance.descriptors
    }
}

/// What became of a ``CloneRequest``.
package enum CloneOutcome: Sendable {
    case made(ChildProcess)
    case failed(RestorerFailure)
    /// The template ended first. Whether there is a clone nobody knows, unless the request was never sent.
    case templateLost(sent: Bool)
}
