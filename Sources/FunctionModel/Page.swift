/// A part of a list.
package struct Page<Item: Sendable>: Sendable {
    package var items: [Item]
    /// What the next part is asked for with; nil on the last.
    package var nextMarker: String?

    package init(items: [Item], nextMarker: String?) {
        self.items = items
        self.nextMarker = nextMarker
    }
}

extension Page: Equatable where Item: Equatable {}
