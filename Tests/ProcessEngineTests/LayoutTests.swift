import CProcessImage
import Testing

@Suite struct LayoutTests {
    /// The restorer is compiled by another compiler: these are the sizes both must see.
    @Test func structuresHaveTheirDocumentedSizes() {
        #expect(MemoryLayout<thaw_run>.size == 32)
        #expect(MemoryLayout<thaw_mapping>.size == 56)
        #expect(MemoryLayout<thaw_descriptor>.size == 72)
    }
}
