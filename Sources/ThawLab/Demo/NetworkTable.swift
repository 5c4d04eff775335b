import FunctionModel
import LinuxKit
import ServerAssembly
import Terminal

/// What clones in networks of their own saw, a row for each network.
enum NetworkTable {
    static func text(_ subjects: [NetworkDemo.Subject], at isolation: Isolation) -> String {
        var table = Table(
            ["NETWORK", "CLONES", "IN SLOTS", "ADDRESS INSIDE", "SEEN OUTSIDE AS", "REACHED", "NOT REACHED"],
            alignRight: [1])
        for subject in subjects {
            let answers = subject.answers
            table.add([
                "\(subject.network)", "\(answers.count)", subject.slots.map { "\($0)" }.joined(separator: " "),
                Set(answers.map(\.inside)).sorted().joined(separator: " "),
                subject.outside.isEmpty ? "nobody" : subject.outside.sorted().map(\.description).joined(separator: " "),
                subject.place.map { "\($0.name) at \($0.address)" } ?? "nothing",
                (Set(answers.flatMap(\.refused.keys)).sorted() + ["\(subject.unreached) addresses of clones"])
                    .joined(separator: ", "),
            ])
        }
        let together =
            isolation == .process
            ? "all at the same time" : "one network after the other, from one snapshot: its processors are slow"
        return """
            Networks, isolation \(isolation.rawValue): each clone in a slot of its own; \(together)
            \(table.text)

            """
    }
}
