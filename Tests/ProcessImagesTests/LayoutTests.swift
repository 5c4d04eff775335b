import CProcessImage
import ProcessImages
import Testing

@Suite struct LayoutTests {
    /// The restorer is compiled by another compiler: these are the sizes both must see.
    @Test func structuresHaveTheirDocumentedSizes() {
        #expect(MemoryLayout<thaw_run>.size == 32)
        #expect(MemoryLayout<thaw_mapping>.size == 64)
        #expect(MemoryLayout<thaw_descriptor>.size == 72)
    }

    @Test("a thread stopped at a page fault goes on without the processor's note of it")
    func resumeFlag() {
        #expect(SignalFrame.goingOn(0x1_0246) == 0x246)
        #expect(SignalFrame.goingOn(0x1_0246) & ~SignalFrame.programFlags == 0)
    }
}
