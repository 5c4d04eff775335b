internal import FunctionModel

import struct Foundation.Data

/// Where a page ended. Opaque to clients, and checked when it comes back.
struct ListMarker: Equatable {
    let name: String
    let number: Int

    private static let format = "1"

    init(after configuration: FunctionConfiguration) {
        name = configuration.functionName
        number = configuration.version.column
    }

    init(after layer: LayerVersion) {
        name = layer.layerName
        number = layer.number
    }

    /// For lists in which names are enough.
    init(afterName name: String) {
        self.name = name
        number = 0
    }

    /// - Parameter text: nil means the beginning.
    init(_ text: String?) throws(FunctionStoreError) {
        guard let text else {
            name = ""
            number = -1
            return
        }
        let decoded = Data(base64Encoded: text).flatMap { String(validating: $0, as: UTF8.self) }
        let parts = decoded?.split(separator: ":", omittingEmptySubsequences: false) ?? []
        guard parts.count == 3, parts[0] == Self.format, let number = Int(parts[1]), number >= 0, !parts[2].isEmpty
        else { throw .invalid("'\(text)' is not a marker that a list returned") }
        self.name = String(parts[2])
        self.number = number
    }

    var text: String { Data("\(Self.format):\(number):\(name)".utf8).base64EncodedString() }
}

extension Page {
    /// The first `limit` of what was found; one more was looked for, to know whether there is a next page.
    init<Found>(
        _ found: [Found], limit: Int, _ read: (Found) throws -> Item, after marker: (Item) -> ListMarker
    ) rethrows {
        let items = try found.prefix(limit).map(read)
        self.init(items: items, nextMarker: found.count > limit ? items.last.map { marker($0).text } : nil)
    }
}
