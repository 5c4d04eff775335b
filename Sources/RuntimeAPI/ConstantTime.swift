/// Compares a presented secret with the expected one, looking at every byte whatever the first ones are.
func equalInConstantTime(_ presented: [UInt8], _ expected: String) -> Bool {
    let expected = Array(expected.utf8)
    guard presented.count == expected.count else { return false }
    var difference: UInt8 = 0
    for index in expected.indices { difference |= presented[index] ^ expected[index] }
    return difference == 0
}
