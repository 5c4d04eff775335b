import CProcessImage
import LinuxKit

/// The processes of a sandbox as a freeze found them.
struct CapturedTree {
    let first: CapturedProcess
    private let others: [(place: thaw_process, process: CapturedProcess)]
    let remarks: [String]
    let hasScratch: Bool

    /// All of these have been found good, each in the order of the tree's members.
    init(
        _ tree: StoppedTree, _ looks: [ProcessLook], _ insides: [CapturedInside], _ mappings: [MappingCapture],
        _ descriptors: DescriptorCapture, hasScratch: Bool
    ) {
        func process(_ index: Int) -> CapturedProcess {
            let isFirst = index == 0
            let inherited = isFirst ? DescriptorCapture.Inherited() : descriptors.others[index - 1]
            return CapturedProcess(
                process: looks[index].process, traits: looks[index].traits, inside: insides[index],
                mappings: mappings[index].mappings,
                vdso: mappings[index].vdso ?? VirtualDSO(dataStart: 0, codeStart: 0, end: 0),
                window: mappings[index].window, table: isFirst ? descriptors.table : ByteTable(),
                descriptors: isFirst ? descriptors.entries : inherited.descriptors,
                options: isFirst ? descriptors.options : [],
                watches: isFirst ? descriptors.watches : inherited.watches,
                fileWatches: isFirst ? descriptors.fileWatches : [],
                files: isFirst ? descriptors.files : FileCapture(), children: tree.members[index].ended,
                hasScratch: isFirst && hasScratch, shelf: isFirst ? descriptors.shelf : 0)
        }
        first = process(0)
        others = tree.members.indices.dropFirst().map { index in
            let place = tree.place(of: index) ?? StoppedTree.Place()
            let parent = UInt32(tree.members[index].parent ?? 0)
            return (
                thaw_process(
                    image: 0, size: 0, pid: tree.members[index].process.pid, parent: parent, leads: place.leads,
                    group: place.group), process(index)
            )
        }
        remarks = descriptors.remarks
        self.hasScratch = hasScratch
    }

    var all: [CapturedProcess] { [first] + others.map(\.process) }
    var threads: Int { all.reduce(0) { $0 + $1.inside.threads.count } }

    /// The file `state`.
    func state(_ memories: CopiedTree, baseSize: UInt64) -> [UInt8] {
        func state(
            _ index: Int, _ process: CapturedProcess, others: [(place: thaw_process, state: [UInt8])] = []
        ) -> [UInt8] {
            process.state(
                memorySize: memories.size, baseSize: baseSize, memories.all[index], others: others)
        }
        return state(
            0, first,
            others: others.enumerated().map { index, other in (other.place, state(index + 1, other.process)) })
    }
}

/// Where the memory of the processes of a sandbox went, in one file.
struct CopiedTree {
    /// Of the file, in bytes.
    let size: UInt64
    /// In the order of the processes.
    var all: [CopiedMemory] = []

    var sharedBytes: UInt64 { all.reduce(0) { $0 + $1.sharedBytes } }

    /// Of the processes beside the runtime, which every clone has for itself: 256 MiB take a clone a tenth of a second.
    private static let mostBytesOfOthers = 256 << 20

    static func refuse(_ captures: [MemoryCapture], into refusals: inout Refusals) {
        let bytes = captures.dropFirst().reduce(0) { $0 + $1.byteCount }
        guard bytes > mostBytesOfOthers else { return }
        refusals.add(
            "the processes beside the runtime have \(bytes >> 20) MiB of memory; at most \(mostBytesOfOthers >> 20)",
            "end some of them in a before-snapshot hook")
    }
}
