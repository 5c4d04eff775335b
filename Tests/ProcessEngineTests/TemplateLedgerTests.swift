import ProcessEngine
import Testing

/// Which templates stay, by sizes that nothing has.
@Suite struct TemplateLedgerTests {
    /// A ledger with templates of these sizes that nobody uses, numbered from 1 in the order of their last use.
    private static func ledger(budget: UInt64, _ sizes: UInt64...) -> TemplateLedger {
        var ledger = TemplateLedger(budget: budget)
        for size in sizes {
            let template = ledger.add(isForgotten: false)
            #expect(ledger.note(size, of: template).isEmpty)
        }
        return ledger
    }

    @Test("any number of templates stay while their memory allows")
    func room() {
        var ledger = TemplateLedger(budget: 4000)
        for number in 1...400 {
            let template = ledger.add(isForgotten: false)
            #expect(template == number)
            ledger.begin(.thaw, of: template)
            #expect(ledger.note(10, of: template).isEmpty)
            #expect(ledger.end(.thaw, of: template).isEmpty)
        }
        #expect(ledger.charged == 4000)
    }

    @Test("one that needs room gets it from those used first, and from no more than it takes")
    func oldestFirst() {
        var ledger = Self.ledger(budget: 100, 30, 30, 30)
        ledger.begin(.thaw, of: 1)
        #expect(ledger.end(.thaw, of: 1).isEmpty)
        let next = ledger.add(isForgotten: false)
        ledger.begin(.thaw, of: next)
        #expect(ledger.note(40, of: next) == [2])
        #expect(ledger.note(70, of: next) == [3])
        #expect(ledger.charged == 100)
        #expect(ledger.byLastUse == [1, next])
    }

    @Test("what is in use stays, however little memory there is, and goes when the last thaw has ended")
    func inUse() {
        var ledger = TemplateLedger(budget: 10)
        let (first, second) = (ledger.add(isForgotten: false), ledger.add(isForgotten: false))
        for template in [first, second, first] { ledger.begin(.thaw, of: template) }
        #expect(ledger.note(50, of: first).isEmpty)
        #expect(ledger.note(50, of: second).isEmpty)
        #expect(ledger.end(.thaw, of: first).isEmpty)
        #expect(ledger.end(.thaw, of: second) == [second])
        #expect(ledger.end(.thaw, of: first) == [first])
        #expect(ledger.charged == 0)
    }

    @Test("one whose clones live stays, for its pages would, and is charged its part of them")
    func clones() {
        var ledger = TemplateLedger(budget: 100)
        let (first, second) = (ledger.add(isForgotten: false), ledger.add(isForgotten: false))
        for _ in 0..<2 { ledger.begin(.clone, of: first) }
        #expect(ledger.note(90, of: first).isEmpty)
        #expect(ledger.charged == 30)
        #expect(ledger.note(60, of: second).isEmpty)
        #expect(ledger.shed(atLeast: .max).templates == [second])
        #expect(ledger.end(.clone, of: first).isEmpty)
        #expect(ledger.charged == 45)
        #expect(ledger.end(.clone, of: first).isEmpty)
        #expect(ledger.charged == 90)
    }

    @Test("pages that the last clone leaves count at once")
    func lastClone() {
        var ledger = TemplateLedger(budget: 100)
        let (first, second) = (ledger.add(isForgotten: false), ledger.add(isForgotten: false))
        ledger.begin(.clone, of: first)
        _ = ledger.note(90, of: first)
        ledger.begin(.clone, of: second)
        #expect(ledger.note(90, of: second).isEmpty)
        #expect(ledger.charged == 90)
        #expect(ledger.end(.clone, of: second) == [second])
        #expect(ledger.charged == 45)
        #expect(ledger.end(.clone, of: second).isEmpty)
    }

    @Test("what is forgotten goes at once, or with the thaw under way, whatever lives of it")
    func forgotten() {
        var ledger = Self.ledger(budget: 1000, 10, 10, 10)
        #expect(ledger.forget(1) == true)
        #expect(ledger.forget(1) == false)
        ledger.begin(.clone, of: 2)
        #expect(ledger.forget(2) == true)
        #expect(ledger.end(.clone, of: 2).isEmpty)
        for _ in 0..<2 { ledger.begin(.thaw, of: 3) }
        #expect(ledger.forget(3) == false)
        ledger.begin(.clone, of: 3)
        #expect(ledger.end(.thaw, of: 3).isEmpty)
        #expect(ledger.end(.thaw, of: 3) == [3])
        let late = ledger.add(isForgotten: true)
        ledger.begin(.thaw, of: late)
        #expect(ledger.note(10, of: late).isEmpty)
        #expect(ledger.end(.thaw, of: late) == [late])
        #expect(ledger.charged == 0)
    }

    @Test("for memory that is asked back, as many go as it takes, and those that do not run are no help")
    func shed() {
        var ledger = Self.ledger(budget: 1000, 10, 0, 20, 30)
        ledger.begin(.thaw, of: 1)
        _ = ledger.end(.thaw, of: 1)
        #expect(ledger.shed(atLeast: 0).templates.isEmpty)
        let first = ledger.shed(atLeast: 21)
        #expect(first.templates == [3, 4] && first.freed == 50)
        let second = ledger.shed(atLeast: .max)
        #expect(second.templates == [1] && second.freed == 10)
        #expect(ledger.charged == 0 && ledger.byLastUse == [2])
    }

    @Test("one that was lost takes nothing until it runs again")
    func lost() {
        var ledger = Self.ledger(budget: 100, 60)
        #expect(ledger.note(0, of: 1).isEmpty)
        #expect(ledger.charged == 0)
        let next = ledger.add(isForgotten: false)
        ledger.begin(.thaw, of: next)
        #expect(ledger.note(80, of: next).isEmpty)
        #expect(ledger.note(60, of: 1) == [1])
        #expect(ledger.note(60, of: 1).isEmpty)
    }
}
