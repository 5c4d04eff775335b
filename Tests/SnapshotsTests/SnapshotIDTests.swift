import Snapshots
import Testing

@Suite struct SnapshotIDTests {
    @Test func `A random identifier can be parsed, and no two are alike`() {
        let ids = (0..<1000).map { _ in SnapshotID.random() }
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { SnapshotID($0.description) == $0 })
    }

    @Test(
        "Only snap- and 16 lower-case hex digits are an identifier",
        arguments: [
            ("snap-0123456789abcdef", true),
            ("snap-0123456789abcde", false),  // 15 digits
            ("snap-0123456789abcdef0", false),  // 17
            ("snap-0123456789ABCDEF", false),
            ("snap-0123456789abcdeg", false),
            ("snap_0123456789abcdef", false),
            ("0123456789abcdef", false),
            ("snap-../../../../etc", false),
            ("snap-0123456789abcde/", false),
            ("snap-0123456789abcde\0", false),
            ("snap-", false),
            ("", false),
            // The same as `é` to Swift's String comparison, but not the same bytes.
            ("snap-0123456789abce\u{301}", false),
            (" snap-0123456789abcdef", false),
        ])
    func parse(text: String, isValid: Bool) {
        #expect((SnapshotID(text) != nil) == isValid)
    }
}
