/// Where AWS was seen to answer otherwise than its model says, and where this server takes more.
extension ServiceModel {
    /// - The values of enumerations come in the order in which AWS names them.
    /// - Functions' runtimes are Lambda's to judge, and lists of compatible ones name those that a layer may still have.
    /// - Refusals of subnets and security groups do not say that they must not be null.
    /// - Subnets name networks here, which may have hyphens.
    /// - Reserved names of variables are said to be reserved, also those that do not fit the pattern.
    /// - A qualifier may stand in a function's name instead.
    static let differences = #"""
        EventSourcePosition = enum LATEST AT_TIMESTAMP TRIM_HORIZON
        InvokeMode = enum RESPONSE_STREAM BUFFERED
        RecursiveLoop = enum Terminate Allow
        LayerVersionArn = text 1 2048 \#
        (arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|\#
        (arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)
        TaggableResource = text 1 10000 \#
        arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:\#
        (function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|\#
        event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|\#
        capacity-provider:[a-zA-Z0-9-_]+)
        Runtime = text - -
        CompatibleRuntimes = opaque
        CompatibleArchitectures = opaque
        SubnetIds = nullable list 0 16 SubnetId
        SecurityGroupIds = nullable list 0 5 SecurityGroupId
        also SubnetId subnet-[0-9a-z-]*
        also EnvironmentVariableName _HANDLER|_X_AMZN_TRACE_ID
        DeleteProvisionedConcurrencyConfig.Qualifier = Qualifier
        GetProvisionedConcurrencyConfig.Qualifier = Qualifier
        PutProvisionedConcurrencyConfig.Qualifier = Qualifier
        """#
}
