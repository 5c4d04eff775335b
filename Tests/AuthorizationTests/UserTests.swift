import Authorization
import SystemPackage
import Testing

@Suite struct UserTests {
    @Test(
        "a star stands for any text, the rest for itself",
        arguments: [
            ("lambda:Get*", "lambda:GetFunction", true), ("lambda:Get*", "lambda:Get", true),
            ("lambda:Get*", "lambda:Ge", false), ("lambda:Get*", "xlambda:GetFunction", false),
            ("*", "", true), ("*", "anything", true), ("", "", true), ("", "a", false), ("a*b", "ab", true),
            ("a*b", "aXXb", true), ("a*b", "a", false), ("a*a", "a", false), ("*mid*", "amidst", true),
            ("*mid*", "mxd", false), ("a*b*c", "a-b-b-c", true), ("a*b*c", "a-c-b", false), ("**", "x", true),
            ("f*", "F", false), ("order", "orders", false), ("ORDER", "order", false),
        ])
    func patterns(pattern: String, text: String, matches: Bool) {
        #expect(Pattern(pattern).matches(text) == matches)
    }

    static let user = User(
        name: "ci", accessKeyID: "AKID", secretAccessKey: "0123456789abcdef",
        grants: [
            User.Grant(actions: [Pattern("lambda:Invoke*")], functions: [Pattern("orders-*"), Pattern("shop")]),
            User.Grant(actions: [Pattern("lambda:List*")], functions: [Pattern("*")]),
        ])

    @Test(
        "a user may do what one grant has both action and function for",
        arguments: [
            ("lambda:InvokeFunction", "orders-new", true), ("lambda:InvokeFunction", "shop", true),
            ("lambda:InvokeFunction", "bank", false), ("lambda:GetFunction", "shop", false),
            ("lambda:ListTags", "bank", true), ("lambda:ListFunctions", nil, true),
            ("lambda:InvokeFunction", nil, false),
        ] as [(String, String?, Bool)])
    func grants(action: String, function: String?, may: Bool) {
        #expect(Self.user.may(action, on: function) == may)
    }

    @Test("whether a user may do something on some function")
    func some() {
        #expect(Self.user.mayOnSome("lambda:InvokeFunction"))
        #expect(!Self.user.mayOnSome("lambda:CreateFunction"))
    }

    static func file(_ text: String) throws(UsersFileError) -> UserDirectory {
        try UserDirectory(parsing: Array(text.utf8), of: "/etc/thaw/users.json")
    }

    static let entry = #"{"name":"ci","accessKeyId":"AKID","secretAccessKey":"0123456789abcdef","allow":[]}"#

    @Test("a users file is read")
    func read() throws {
        let users = try Self.file(
            """
            {"users": [{"name": "ci", "accessKeyId": "AKID", "secretAccessKey": "0123456789abcdef",
              "allow": [{"actions": ["lambda:Invoke*"], "functions": ["orders-*"]}]}]}
            """)
        let user = try #require(users.user("AKID"))
        #expect(user.name == "ci" && user.may("lambda:InvokeFunction", on: "orders-1"))
        #expect(!user.may("lambda:InvokeFunction", on: "bank") && users.user("akid") == nil)
    }

    @Test(
        "a file that says nothing clear is refused, and told where",
        arguments: [
            ("", "valid JSON"), ("{}", "'users' is missing"), (#"{"users":[]}"#, "names no user"),
            (#"{"users":[{"name":"a"}]}"#, "'accessKeyId' is missing at users.0"),
            (#"{"users":[\#(entry),\#(entry)]}"#, "two users"),
            (#"{"users":[\#(entry.replacing("0123456789abcdef", with: "short"))]}"#, "at least 16"),
            (#"{"users":[\#(entry.replacing("AKID", with: "A/B"))]}"#, "without '/'"),
            (#"{"users":[\#(entry.replacing(#","allow":[]"#, with: ""))]}"#, "'allow' is missing"),
            (
                #"{"users":[\#(entry.replacing("[]", with: #"[{"actions":["s3:*"],"functions":["*"]}]"#))]}"#,
                "begin with 'lambda:'"
            ),
        ])
    func refused(text: String, why: String) {
        let error = #expect(throws: UsersFileError.self) { try Self.file(text) }
        #expect(error?.description.contains(why) == true, "\(String(describing: error))")
        #expect(error?.description.contains("/etc/thaw/users.json") == true)
    }
}
