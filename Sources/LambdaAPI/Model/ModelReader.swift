import Foundation
import FunctionModel
import HTTPTypes
import Hummingbird

/// Reads what a request gives of an action's members, as the service model has their shapes.
struct ModelReader: Sendable {
    let operation: ModelOperation
    /// What the path, the query and the headers give.
    private let around: [String: ModelValue]

    init(_ operation: ModelOperation, _ request: Request, _ context: LambdaRequestContext) throws(LambdaError) {
        self.operation = operation
        var values: [String: ModelValue] = [:]
        for member in operation.members {
            switch member.place {
            case .path:
                let raw = context.parameters[member.wireName[...]] ?? ""
                values[member.name] = try Self.value(Request.decoded(raw), member.shape)
            case .query: values[member.name] = try Self.queryValue(request, member)
            case .header:
                guard let name = HTTPField.Name(member.wireName), let text = request.headers[name] else { continue }
                values[member.name] = try Self.value(text, member.shape)
            case .body: break
            }
        }
        around = values
    }

    /// Throws what AWS's front door would say of the request.
    ///
    /// - Parameter body: JSON; no bytes at all are an empty object.
    func check(body: [UInt8] = []) throws(LambdaError) {
        guard operation.hasBody, !body.isEmpty else { return try operation.check(around) }
        var values = around
        for (name, value) in try Self.values(of: body, operation.members) { values[name] = value }
        try operation.check(values)
    }

    // MARK: - Path and query

    /// An empty item is what clients send for a variable that is not set; AWS takes it as none.
    private static func queryValue(_ request: Request, _ member: ModelMember) throws(LambdaError) -> ModelValue? {
        if case .list = member.shape {
            let items = request.uri.queryParameters[values: member.wireName[...]].map { ModelValue.text(String($0)) }
            return items.isEmpty ? nil : .list(items)
        }
        guard let text = request.queryItem(member.wireName), !text.isEmpty else { return nil }
        return try value(text, member.shape)
    }

    private static func value(_ text: String, _ shape: ModelShape) throws(LambdaError) -> ModelValue {
        switch shape {
        case .integer(_, _, let isLong):
            guard let number = Int(text) else {
                throw .notConvertible("STRING_VALUE", to: isLong ? "a Long" : "an Integer")
            }
            return .integer(number)
        case .text: return .text(text)
        case .decimal, .flag, .list, .map, .structure, .opaque: return .opaque
        }
    }

    // MARK: - Body

    private static func values(
        of body: [UInt8], _ members: [ModelMember]
    ) throws(LambdaError) -> [String: ModelValue] {
        do {
            let decoder = JSONDecoder()
            decoder.userInfo[.members] = members.filter { $0.place == .body }
            return try decoder.decode(ModelBody.self, from: Data(body)).values
        } catch let error as LambdaError {
            throw error
        } catch let error as DecodingError {
            throw .bodyIsNotJSON(error.explanation)
        } catch {
            throw .bodyIsNotJSON("The body is not valid.")
        }
    }
}

extension CodingUserInfoKey {
    fileprivate static let members =
        CodingUserInfoKey(rawValue: "members") ?? { preconditionFailure("a key of text is a key") }()
}

/// A body's members, read by their shapes; what the model does not know is left out.
private struct ModelBody: Decodable {
    let values: [String: ModelValue]

    init(from decoder: any Decoder) throws {
        values = try Self.structure(decoder, decoder.userInfo[.members] as? [ModelMember] ?? [])
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private static func structure(_ decoder: any Decoder, _ members: [ModelMember]) throws -> [String: ModelValue] {
        let container = try decoder.container(keyedBy: Name.self)
        var values: [String: ModelValue] = [:]
        for member in members {
            let name = Name(stringValue: member.wireName)
            guard container.contains(name), try !container.decodeNil(forKey: name) else { continue }
            values[member.name] = try value(container.superDecoder(forKey: name), member.shape)
        }
        return values
    }

    private static func value(_ decoder: any Decoder, _ shape: ModelShape) throws -> ModelValue {
        let single = try decoder.singleValueContainer()
        if single.decodeNil() { return .null }
        do {
            switch shape {
            case .text: return .text(try single.decode(String.self))
            case .integer: return .integer(try single.decode(Int.self))
            case .decimal: return .decimal(try single.decode(Double.self))
            case .flag: return .flag(try single.decode(Bool.self))
            case .list(let rule):
                var container = try decoder.unkeyedContainer()
                var elements: [ModelValue] = []
                while !container.isAtEnd { elements.append(try value(container.superDecoder(), rule.element)) }
                return .list(elements)
            case .map(let rule):
                let container = try decoder.container(keyedBy: Name.self)
                var entries: [String: ModelValue] = [:]
                for name in container.allKeys {
                    entries[name.stringValue] = try value(container.superDecoder(forKey: name), rule.value)
                }
                return .map(entries)
            case .structure(let members): return .structure(try structure(decoder, members))
            case .opaque: return .opaque
            }
        } catch DecodingError.typeMismatch {
            throw mismatch(single, shape)
        }
    }

    /// As AWS's reader of JSON says it.
    private static func mismatch(_ single: any SingleValueDecodingContainer, _ shape: ModelShape) -> LambdaError {
        let found: String
        if let flag = try? single.decode(Bool.self) {
            found = flag ? "TRUE_VALUE" : "FALSE_VALUE"
        } else if (try? single.decode(Double.self)) != nil {
            found = "NUMBER_VALUE"
        } else if (try? single.decode(String.self)) != nil {
            found = "STRING_VALUE"
        } else if (try? single.decode([Ignored].self)) != nil {
            return .unexpected("Start of list found where not expected")
        } else {
            return .unexpected("Start of structure or map found where not expected.")
        }
        switch shape {
        case .text: return .notConvertible(found, to: "a String")
        case .integer(_, _, let isLong): return .notConvertible(found, to: isLong ? "a Long" : "an Integer")
        case .decimal: return .notConvertible(found, to: "a Double")
        case .flag: return .notConvertible(found, to: "a Boolean")
        case .list, .map, .structure, .opaque: return .unexpected("Unexpected value type in payload")
        }
    }

    private struct Ignored: Decodable {}
}

extension LambdaError {
    /// - Parameter detail: as AWS's reader of requests says it.
    static func unexpected(_ detail: String) -> Self { Self(code: .serialization, message: detail) }

    static func notConvertible(_ found: String, to type: String) -> Self {
        unexpected("\(found) can not be converted to \(type)")
    }
}
