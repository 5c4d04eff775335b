import LinuxKit
import ServerAssembly
import Testing

@Suite struct NameServerTests {
    @Test(
        "the first name server of a resolv.conf that other hosts can ask",
        arguments: [
            ("nameserver 192.0.2.1\nnameserver 192.0.2.2\n", "192.0.2.1"),
            ("# nameserver 192.0.2.1\nsearch example\nnameserver 127.0.0.53\nnameserver\t192.0.2.2 # x\n", "192.0.2.2"),
            ("nameserver 2001:db8::1\nnameserver 192.0.2.3", "192.0.2.3"),
            ("nameserver 127.0.0.1\n", nil), ("nameserver\n", nil), ("", nil),
        ] as [(String, String?)])
    func hosts(text: String, expected: String?) {
        #expect(NameServer.first(in: text).map { "\($0)" } == expected)
    }
}
