import Yams

/// A property, and where it stands.
struct TemplateProperty {
    let name: String
    private let node: Node
    private let place: String
    private let references: TemplateReferences

    init(_ name: String, _ node: Node, of place: String, _ references: TemplateReferences) {
        self.name = name
        self.node = node
        self.place = "\(place).\(name)"
        self.references = references
    }

    var text: String { get throws(TemplateError) { try references.text(node, at: place) } }

    var number: Int {
        get throws(TemplateError) {
            guard let number = Int(try text) else { throw .wrong(place, "a number") }
            return number
        }
    }

    var texts: [String] {
        get throws(TemplateError) {
            guard let list = node.sequence else { throw .wrong(place, "a list") }
            var texts: [String] = []
            for item in list { texts.append(try references.text(item, at: place)) }
            return texts
        }
    }

    var members: [TemplateProperty] {
        (node.mapping ?? [:]).map { TemplateProperty($0.key.string ?? "", $0.value, of: place, references) }
    }

    subscript(name: String) -> TemplateProperty? {
        node[name].map { TemplateProperty(name, $0, of: place, references) }
    }
}
