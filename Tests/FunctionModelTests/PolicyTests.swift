import FunctionModel
import Testing

@Suite struct PolicyTests {
    static let arn = AccountScope(region: "eu-west-1", accountID: "111111111111").arn(name: "f")
    static let resource = "arn:aws:lambda:eu-west-1:111111111111:function:f"

    /// A permission, with more set.
    static func members(
        _ principal: String, action: String = "lambda:InvokeFunction",
        _ more: (inout PermissionMembers) -> Void = { _ in }
    ) -> PermissionMembers {
        var members = PermissionMembers(statementID: "sid", action: action, principal: principal)
        more(&members)
        return members
    }

    /// The rows were recorded on AWS.
    static let texts: [(PermissionMembers, String)] = [
        (
            members("s3.amazonaws.com"),
            #""Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"\#(resource)"}"#
        ),
        (
            members("s3.amazonaws.com") { $0.sourceARN = "arn:aws:s3:::bucket" },
            #"""
            "Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"\#(resource)",\#
            "Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}}
            """#
        ),
        (
            members("*") { $0.sourceAccount = "111111111111" },
            #"""
            "Principal":"*","Action":"lambda:InvokeFunction","Resource":"\#(resource)",\#
            "Condition":{"StringEquals":{"AWS:SourceAccount":"111111111111"}}}
            """#
        ),
        (
            members("111111111111"),
            #"""
            "Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"lambda:InvokeFunction","Resource":"\#(resource)"}
            """#
        ),
        (
            members("*", action: "lambda:InvokeFunctionUrl") {
                $0.sourceARN = "arn:aws:s3:::bucket"
                $0.sourceAccount = "111111111111"
                $0.principalOrganization = "o-1234567890"
                $0.urlAuthType = "NONE"
            },
            #"""
            "Principal":"*","Action":"lambda:InvokeFunctionUrl","Resource":"\#(resource)","Condition":{"StringEquals":\#
            {"AWS:SourceAccount":"111111111111","lambda:FunctionUrlAuthType":"NONE","aws:PrincipalOrgID":"o-1234567890"},\#
            "ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}}
            """#
        ),
        (
            members("*") { $0.eventSourceToken = "amzn1.ask.skill.x-y" },
            #"""
            "Principal":"*","Action":"lambda:InvokeFunction","Resource":"\#(resource)",\#
            "Condition":{"StringEquals":{"lambda:EventSourceToken":"amzn1.ask.skill.x-y"}}}
            """#
        ),
    ]

    @Test("a permission becomes AWS's statement", arguments: texts)
    func statement(members: PermissionMembers, text: String) throws {
        let statement = try members.statement(partition: "aws")
        #expect(statement.text(of: Self.arn) == #"{"Sid":"sid","Effect":"Allow",\#(text)"#)
    }

    @Test("a policy is its statements in their order")
    func policy() throws {
        let statement = try Self.members("*").statement(partition: "aws")
        let policy = FunctionPolicy(revisionID: "r", statements: [statement, statement])
        let text = statement.text(of: Self.arn)
        #expect(
            policy.text(of: Self.arn) == #"{"Version":"2012-10-17","Id":"default","Statement":[\#(text),\#(text)]}"#)
    }

    static let refusals: [(PermissionMembers, LambdaError.Code, String)] = [
        (
            PermissionMembers(statementID: "example.com", action: "lambda:InvokeFunction", principal: "*"), .validation,
            """
            1 validation error detected: Value 'example.com' at 'statementId' failed to satisfy constraint: Member must \
            satisfy regular expression pattern: ([a-zA-Z0-9-_]+)
            """
        ),
        (
            PermissionMembers(), .validation,
            """
            3 validation errors detected: Value null at 'statementId' failed to satisfy constraint: Member must not be null; \
            Value null at 'action' failed to satisfy constraint: Member must not be null; Value null at 'principal' failed to \
            satisfy constraint: Member must not be null
            """
        ),
        (
            members("invalid.nonaws.com"), .invalidParameterValue,
            "The provided principal was invalid. Please check the principal and try again."
        ),
        (members(".amazonaws.com"), .invalidParameterValue, LambdaError.principalInvalid.message),
        (members("arn:aws:s3:::bucket"), .invalidParameterValue, LambdaError.principalInvalid.message),
        (members("11111111111"), .invalidParameterValue, LambdaError.principalInvalid.message),
        (
            members("*") { $0.urlAuthType = "NONE" }, .invalidParameterValue,
            "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action"
        ),
        (
            members("*", action: "s3:Get") { $0.sourceAccount = "1" }, .validation,
            #"""
            2 validation errors detected: Value 's3:Get' at 'action' failed to satisfy constraint: Member must satisfy regular \#
            expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*]); Value '1' at 'sourceAccount' failed to satisfy constraint: \#
            Member must satisfy regular expression pattern: \d{12}
            """#
        ),
    ]

    @Test("what is no permission is refused in AWS's words", arguments: refusals)
    func refused(members: PermissionMembers, code: LambdaError.Code, message: String) {
        #expect(throws: LambdaError(code: code, message: message)) { try members.statement(partition: "aws") }
    }

    static let url = "lambda:InvokeFunctionUrl"
    static let public_ = members("*", action: url) { $0.urlAuthType = "NONE" }
    static let user = PolicyCaller.Identity(arn: "arn:aws:iam::111111111111:user/u", accountID: "111111111111")

    @Test(
        "a policy decides who may call, and how",
        arguments: [
            (public_, PolicyCaller(urlAuthType: FunctionURL.AuthType.none), true),
            (public_, PolicyCaller(urlAuthType: .iam), false),
            (members("*", action: "lambda:*"), PolicyCaller(urlAuthType: FunctionURL.AuthType.none), true),
            (
                members("*", action: "lambda:InvokeFunction"), PolicyCaller(urlAuthType: FunctionURL.AuthType.none),
                false
            ),
            // For services that call, and none of them does here.
            (
                members("*", action: url) { $0.sourceAccount = "111111111111" },
                PolicyCaller(urlAuthType: FunctionURL.AuthType.none), false
            ),
            (members("s3.amazonaws.com", action: url), PolicyCaller(), false),
            (members("111111111111", action: url), PolicyCaller(identity: user, urlAuthType: .iam), true),
            (members("111111111112", action: url), PolicyCaller(identity: user, urlAuthType: .iam), false),
            (members(user.arn, action: url), PolicyCaller(identity: user), true),
            (members(user.arn, action: url), PolicyCaller(), false),
            (members("*", action: url) { $0.isInvokedViaURL = true }, PolicyCaller(), false),
        ])
    func decides(members: PermissionMembers, caller: PolicyCaller, allows: Bool) throws {
        let policy = FunctionPolicy(revisionID: "r", statements: [try members.statement(partition: "aws")])
        #expect(policy.allows(Self.url, to: caller) == allows)
        #expect(!FunctionPolicy(revisionID: "r", statements: []).allows(Self.url, to: caller))
    }
}
