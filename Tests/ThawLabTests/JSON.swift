import Foundation
import FunctionModel
import ThawLab

/// The members of the JSON object that `value` is written as.
func members(of value: some Encodable) throws -> [String: JSONValue] {
    guard case .object(let members) = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value)) else {
        return [:]
    }
    return members
}
