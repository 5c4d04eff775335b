/// Who uses which template, and which of them go: those that nobody uses, the one that was used last at last, as long as all
/// together take more memory than they may. Knows no process and no clock.
package struct TemplateLedger: Sendable {
    /// Tells a template from an earlier one of the same snapshot.
    package typealias Number = Int

    package enum Use: Sendable {
        /// A thaw is under way, and needs the template.
        case thaw
        /// A clone lives, and has the template's pages.
        case clone
    }

    private struct Entry {
        /// What it has in memory when no clone of it lives; 0 while it does not run.
        var bytes: UInt64 = 0
        var thaws = 0
        var clones = 0
        var lastUse: UInt64
        /// It goes when the thaws under way have ended.
        var isForgotten: Bool

        /// Its proportional share (PSS): a page that several have is charged to each in equal parts.
        var share: UInt64 { bytes / UInt64(clones + 1) }

        /// Nothing but its pages would end with it. While a clone has these too, none would be free.
        var canGo: Bool { thaws == 0 && clones == 0 }
    }

    private let budget: UInt64
    private var entries: [Number: Entry] = [:]
    private var uses: UInt64 = 0
    private var number = 0
    /// At least what all are charged: says cheaply that all is well.
    private var resident: UInt64 = 0

    /// - Parameter budget: what all templates may have in memory, in bytes. Those in use may have more.
    package init(budget: UInt64) { self.budget = budget }

    /// What all are charged.
    package var charged: UInt64 { entries.values.reduce(0) { $0 + $1.share } }

    /// The one that was used last comes last.
    package var byLastUse: [Number] { entries.sorted { $0.value.lastUse < $1.value.lastUse }.map(\.key) }

    /// - Parameter isForgotten: whether it is to go as soon as nobody uses it.
    package mutating func add(isForgotten: Bool) -> Number {
        number += 1
        entries[number] = Entry(lastUse: next(), isForgotten: isForgotten)
        return number
    }

    package mutating func begin(_ use: Use, of template: Number) {
        let now = next()
        switch use {
        case .thaw: entries[template]?.thaws += 1
        case .clone: entries[template]?.clones += 1
        }
        entries[template]?.lastUse = now
    }

    /// - Returns: the templates that go, and are known here no more.
    package mutating func end(_ use: Use, of template: Number) -> [Number] {
        switch use {
        case .thaw: entries[template]?.thaws -= 1
        case .clone: entries[template]?.clones -= 1
        }
        if let entry = entries[template], entry.isForgotten, entry.thaws == 0 {
            remove(template)
            return [template] + surplus()
        }
        return surplus()
    }

    /// A template has so much in memory now, or is about to.
    /// - Returns: the templates that make room for it.
    package mutating func note(_ bytes: UInt64, of template: Number) -> [Number] {
        guard let before = entries[template]?.bytes else { return [] }
        entries[template]?.bytes = bytes
        resident = resident - before + bytes
        return surplus()
    }

    /// Nobody is to use it any more.
    /// - Returns: whether it goes now: otherwise when the thaws under way have ended.
    package mutating func forget(_ template: Number) -> Bool {
        entries[template]?.isForgotten = true
        guard let entry = entries[template], entry.thaws == 0 else { return false }
        remove(template)
        return true
    }

    /// Those that nobody uses go until so many bytes are free.
    package mutating func shed(atLeast bytes: UInt64) -> (templates: [Number], freed: UInt64) {
        var (gone, freed): ([Number], UInt64) = ([], 0)
        for template in idle where freed < bytes {
            freed += entries[template]?.bytes ?? 0
            remove(template)
            gone.append(template)
        }
        return (gone, freed)
    }

    package mutating func removeAll() {
        entries = [:]
        resident = 0
    }

    // MARK: - Parts

    /// Those that run and can go, the one that was used last at last.
    private var idle: [Number] {
        entries.filter { $0.value.canGo && $0.value.bytes > 0 }.sorted { $0.value.lastUse < $1.value.lastUse }.map(
            \.key)
    }

    private mutating func surplus() -> [Number] {
        guard resident > budget else { return [] }
        var charged = charged
        var gone: [Number] = []
        for template in idle {
            guard charged > budget else { break }
            charged -= entries[template]?.share ?? 0
            remove(template)
            gone.append(template)
        }
        return gone
    }

    private mutating func remove(_ template: Number) {
        guard let entry = entries.removeValue(forKey: template) else { return }
        resident -= entry.bytes
    }

    private mutating func next() -> UInt64 {
        uses += 1
        return uses
    }
}
