internal import Basics
internal import Crypto
internal import FunctionModel

extension FunctionConfiguration {
    /// What names the image that its layers make together, in hex: the same layers in another order are another set. Nil without
    /// layers.
    var layerSet: String? {
        let digests = layerDigests
        guard !digests.isEmpty, digests.count == layers?.count else { return nil }
        return Hexadecimal.text(Array(SHA256.hash(data: Array(digests.joined(separator: ":").utf8))))
    }
}
