import Basics
import CProcessImage
import LinuxKit
import ProcessEngine
import RuntimeAPI
import Sandboxes
import SystemPackage
import TestSupport
import Testing

/// What becomes of a clone by what happens to it, in whatever order.
@Suite(.requiresRoot, .serialized, .requiresFile("/usr/bin/cc", "install gcc"), .timeLimit(.minutes(5)))
struct CloneLifeTests {
    enum Step: Sendable {
        /// The template is asked, answers with a process, with a failure, not at all.
        case asked, made, refused, templateLost
        /// The clone says that it is complete, why it is not, nothing more.
        case parked, failed, closed
        /// Nobody waits for it to park; it is let go; its runtime has answered; something else went wrong.
        case late, released, answering, failing
    }

    private static let rows: [(steps: [Step], expected: String)] = [
        ([], "prepared"),
        ([.asked], "requested"),
        ([.asked, .made], "made"),
        ([.asked, .made, .parked], "parked"),
        ([.asked, .parked], "requested, complete"),
        // The clone's own word may come before the template's.
        ([.asked, .parked, .made], "parked"),
        ([.asked, .made, .parked, .released], "woken"),
        ([.asked, .made, .parked, .released, .answering], "handed over"),
        // The usual way: let go before it exists.
        ([.released, .asked, .made, .answering], "handed over"),
        // Its runtime may answer before the template does.
        ([.released, .asked, .answering], "handed over"),
        ([.released, .asked, .answering, .made], "handed over"),
        ([.released, .asked, .answering, .templateLost], "template lost"),
        // Nobody was asked.
        ([.made], "prepared"), ([.parked], "prepared"), ([.closed], "prepared"), ([.late], "prepared"),
        ([.asked, .asked], "requested"),
        // The first reason counts.
        ([.asked, .refused], "restorer 11"),
        ([.asked, .refused, .failing], "restorer 11"),
        ([.asked, .templateLost], "template lost"),
        ([.asked, .templateLost, .failing], "template lost"),
        ([.asked, .made, .failed], "restorer 12"),
        ([.asked, .failed, .refused], "restorer 12"),
        ([.asked, .made, .closed], "lost during restore"),
        ([.asked, .made, .closed, .refused], "lost during restore"),
        ([.asked, .made, .failing], "destroyed"),
        ([.failing], "destroyed"), ([.failing, .asked], "destroyed"), ([.failing, .released], "destroyed"),
        ([.failing, .answering], "destroyed"),
        ([.asked, .late], "timed out"), ([.asked, .made, .late], "timed out"),
        // An answer that comes too late.
        ([.asked, .late, .made], "timed out"), ([.asked, .late, .parked], "timed out"),
        // One that has parked is not late, and has no more to say.
        ([.asked, .made, .parked, .late], "parked"), ([.asked, .made, .parked, .closed], "parked"),
        ([.asked, .made, .parked, .released, .late], "woken"), ([.asked, .made, .parked, .released, .closed], "woken"),
        ([.asked, .made, .parked, .failing], "destroyed"),
    ]

    @Test("each thing that happens to a clone has one outcome, and the first failure is its reason")
    func transitions() async throws {
        try await EngineFixture.with(readyCells: 0, usesSeeds: false) { fixture in
            let start = try await Self.prepared(in: fixture.engine)
            let process = try SpawnPlan(executable: "/bin/true", arguments: ["true"]).spawn()
            for (steps, expected) in Self.rows {
                let life = steps.reduce(start) { life, step in Self.after(step, life, process) }
                #expect(Self.name(life) == expected, "\(steps)")
            }
            await process.end()
        }
    }

    @Test("what the restorer has said on the clone's own socket is the reason, whatever was noticed first")
    func report() async throws {
        try await EngineFixture.with(readyCells: 0, usesSeeds: false) { fixture in
            let start = try await Self.prepared(in: fixture.engine)
            guard case .prepared(_, let access) = start, let asked = start.asked() else { return }
            var report = thaw_failure()
            (report.kind, report.step, report.error) = (THAW_FAILED.rawValue, THAW_STEP_MOUNT.rawValue, -12)
            try withUnsafeBytes(of: report) { try access.equipment.cloneControl.descriptor.sendMessage($0) }
            let failure = try #require(asked.life.failing(.timedOut(.restore, limit: .seconds(1))).failure)
            #expect(failure.isOfMaking)
            #expect(failure.error().message.contains("file systems cannot be mounted"))
            // It says so once: the state keeps it.
            #expect(asked.life.failing(.destroyed).failure?.isOfMaking == false)
        }
    }

    private static func prepared(in engine: ProcessEngine) async throws -> CloneLife {
        let cell = try await engine.cells.claim(
            CellLimits(memoryMegabytes: 128, scratchBytes: 1 << 20), by: Deadline(in: .seconds(60)))
        let access = try cell.moveIn()
        let runtime = try HostedRuntime(
            cloneBlockedIn: .restoreNext, endpoint: cell.endpoint, loop: engine.loop, isSnapStart: true,
            outOfMemoryKills: { 0 })
        return .prepared(CloneParts(cell: cell, control: access.equipment.control, runtime: runtime), access)
    }

    private static func after(_ step: Step, _ life: CloneLife, _ process: ChildProcess) -> CloneLife {
        switch step {
        case .asked: life.asked()?.life ?? life
        case .made: life.answered(.made(process))
        case .refused: life.answered(.failed(RestorerFailure(step: 11, error: -1)))
        case .templateLost: life.answered(.templateLost(sent: true))
        case .parked: life.heard(.parked)
        case .failed: life.heard(.failed(RestorerFailure(step: 12, error: -1)))
        case .closed: life.heard(.closed)
        case .late: life.late(.seconds(1))
        case .released: life.released()
        case .answering: life.answering()
        case .failing: life.failing(.destroyed)
        }
    }

    private static func name(_ life: CloneLife) -> String {
        switch life {
        case .prepared: "prepared"
        case .requested(_, let isComplete): isComplete ? "requested, complete" : "requested"
        case .made: "made"
        case .parked: "parked"
        case .woken: "woken"
        case .handedOver: "handed over"
        case .failed(_, _, .restorer(let failure)): "restorer \(failure.step)"
        case .failed(_, _, .templateLost): "template lost"
        case .failed(_, _, .ended(let error)):
            switch error.code {
            case .timedOut: "timed out"
            case .lost(let phase): "lost during \(phase.rawValue)"
            case .destroyed: "destroyed"
            default: "\(error)"
            }
        }
    }
}
