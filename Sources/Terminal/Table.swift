/// Columns of text: the first to the left, numbers to the right.
package struct Table {
    private let header: [String]
    private let alignRight: Set<Int>
    private var rows: [[String]] = []

    package init(_ header: [String], alignRight: Set<Int> = []) {
        self.header = header
        self.alignRight = alignRight
    }

    package mutating func add(_ row: [String]) { rows.append(row) }

    package var text: String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return alignRight.contains(column) ? padding + cell : cell + padding
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
