// Written by scripts/service-model.

extension ServiceModel {
    /// What values may be.
    static let shapes = #"""
        LayerNameOrArn = text 1 2048 \#
        (arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_\#
        ]{1,140}|[a-zA-Z0-9-_]{1,140})
        LayerVersionNumber = long - -
        StatementId = text 1 100 ([a-zA-Z0-9-_]+)
        LayerPermissionAllowedAction = text 0 22 lambda:GetLayerVersion
        LayerPermissionAllowedPrincipal = text 0 10000 \d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root
        OrganizationId = text 0 34 o-[a-z0-9]{10,32}
        String = text - -
        NamespacedFunctionName = text 1 256 \#
        (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:\#
        )?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?
        Action = text 0 10000 (lambda:[*]|lambda:[a-zA-Z]+|[*])
        Principal = text 0 2048 [^\s]+
        Arn = text 0 10000 \#
        arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(\#
        .*)
        FunctionUrlAuthType = enum NONE AWS_IAM
        InvokedViaFunctionUrl = flag
        SourceOwner = text 0 12 \d{12}
        EventSourceToken = text 0 256 [a-zA-Z0-9._\-]+
        NumericLatestPublishedOrAliasQualifier = text 1 128 \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+
        PrincipalOrgID = text 12 34 o-[a-z0-9]{10,32}
        FunctionName = text 1 140 \#
        (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:\#
        )?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?
        Alias = text 1 128 (?!^[0-9]+$)([a-zA-Z0-9-_]+)
        VersionWithLatestPublished = text 1 1024 (\$LATEST(\.PUBLISHED)?|[0-9]+)
        Description = text 0 256
        AdditionalVersion = text 1 1024 [0-9]+
        Weight = double 0.0 1.0
        AdditionalVersionWeights = map - - AdditionalVersion Weight
        AliasRoutingConfiguration = structure AdditionalVersionWeights:AdditionalVersionWeights
        SigningProfileVersionArns = list 1 20 Arn
        AllowedPublishers = structure SigningProfileVersionArns:SigningProfileVersionArns!
        CodeSigningPolicy = enum Warn Enforce
        CodeSigningPolicies = structure UntrustedArtifactOnDeployment:CodeSigningPolicy
        TagKey = text 1 128 ([\p{L}\p{Z}\p{N}_.:/=+\-@]*)
        TagValue = text 0 256 ([\p{L}\p{Z}\p{N}_.:/=+\-@]*)
        Tags = map - - TagKey TagValue
        Enabled = flag
        BatchSize = integer 1 10000
        Pattern = text 0 4096 [\s\S]*
        Filter = structure Pattern:Pattern
        FilterList = list - - Filter
        FilterCriteria = structure Filters:FilterList
        KMSKeyArn = text 0 10000 (arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()
        EventSourceMappingMetric = enum EventCount ErrorCount KafkaMetrics
        EventSourceMappingMetricList = list 0 3 EventSourceMappingMetric
        EventSourceMappingMetricsConfig = structure Metrics:EventSourceMappingMetricList
        EventSourceMappingSystemLogLevel = enum DEBUG INFO WARN
        EventSourceMappingLoggingConfig = structure SystemLogLevel:EventSourceMappingSystemLogLevel
        MaximumConcurrency = integer 2 1000
        ScalingConfig = structure MaximumConcurrency:MaximumConcurrency
        MaximumBatchingWindowInSeconds = integer 0 300
        ParallelizationFactor = integer 1 10
        EventSourcePosition = enum TRIM_HORIZON LATEST AT_TIMESTAMP
        Date = opaque
        DestinationArn = text 0 350 \#
        $|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-\#
        iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)
        OnSuccess = structure Destination:DestinationArn
        OnFailure = structure Destination:DestinationArn
        DestinationConfig = structure OnSuccess:OnSuccess OnFailure:OnFailure
        MaximumRecordAgeInSeconds = integer -1 604800
        BisectBatchOnFunctionError = flag
        MaximumRetryAttemptsEventSourceMapping = integer -1 10000
        TumblingWindowInSeconds = integer 0 900
        Topic = text 1 249 [^.]([a-zA-Z0-9\-_.]+)
        Topics = list 1 1 Topic
        Queue = text 1 1000 [\s\S]*
        Queues = list 1 1 Queue
        SourceAccessType = enum BASIC_AUTH VPC_SUBNET VPC_SECURITY_GROUP SASL_SCRAM_512_AUTH SASL_SCRAM_256_AUTH \#
        VIRTUAL_HOST CLIENT_CERTIFICATE_TLS_AUTH SERVER_ROOT_CA_CERTIFICATE OAUTHBEARER_AUTH OAUTHBEARER_SCOPE \#
        OAUTHBEARER_AUDIENCE OAUTHBEARER_LOGICAL_CLUSTER OAUTHBEARER_IDENTITY_POOL IAM_AUTH IAM_OAUTHBEARER_AUTH
        URI = text 1 200 [ a-zA-Z0-9-\/*:_+=.@-]*
        SourceAccessConfiguration = structure Type:SourceAccessType URI:URI
        SourceAccessConfigurations = list 0 23 SourceAccessConfiguration
        EndPointType = enum KAFKA_BOOTSTRAP_SERVERS
        Endpoint = text 1 300 \#
        (([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9])\.)*([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9\-]*[A-Za-z0-9]):[0\#
        -9]{1,5}
        EndpointLists = list 1 10 Endpoint
        Endpoints = map 1 2 EndPointType EndpointLists
        SelfManagedEventSource = structure Endpoints:Endpoints
        FunctionResponseType = enum ReportBatchItemFailures
        FunctionResponseTypeList = list 0 1 FunctionResponseType
        SchemaRegistryUri = text 1 10000 [a-zA-Z0-9-\/*:_+=.@-]*
        SchemaRegistryEventRecordFormat = enum JSON SOURCE
        KafkaSchemaRegistryAuthType = enum BASIC_AUTH CLIENT_CERTIFICATE_TLS_AUTH SERVER_ROOT_CA_CERTIFICATE \#
        OAUTHBEARER_AUTH
        KafkaSchemaRegistryAccessConfig = structure Type:KafkaSchemaRegistryAuthType URI:Arn
        KafkaSchemaRegistryAccessConfigList = list - - KafkaSchemaRegistryAccessConfig
        KafkaSchemaValidationAttribute = enum KEY VALUE
        KafkaSchemaValidationConfig = structure Attribute:KafkaSchemaValidationAttribute
        KafkaSchemaValidationConfigList = list - - KafkaSchemaValidationConfig
        KafkaSchemaRegistryConfig = structure SchemaRegistryURI:SchemaRegistryUri \#
        EventRecordFormat:SchemaRegistryEventRecordFormat AccessConfigs:KafkaSchemaRegistryAccessConfigList \#
        SchemaValidationConfigs:KafkaSchemaValidationConfigList
        AmazonManagedKafkaEventSourceConfig = structure ConsumerGroupId:URI \#
        SchemaRegistryConfig:KafkaSchemaRegistryConfig
        KafkaEventSourceMappingConsumptionMode = enum Stream Queue
        SelfManagedKafkaEventSourceConfig = structure ConsumerGroupId:URI \#
        SchemaRegistryConfig:KafkaSchemaRegistryConfig ConsumptionMode:KafkaEventSourceMappingConsumptionMode
        DatabaseName = text 1 63 [^ /\.$\x22]*
        CollectionName = text 1 57 (^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)
        FullDocument = enum UpdateLookup Default
        DocumentDBEventSourceConfig = structure DatabaseName:DatabaseName CollectionName:CollectionName \#
        FullDocument:FullDocument
        MinimumNumberOfPollers = integer 1 200
        MaximumNumberOfPollers = integer 1 10000
        ProvisionedPollerGroupName = text 0 128 [a-zA-Z0-9-_]*
        ProvisionedPollerConfig = structure MinimumPollers:MinimumNumberOfPollers \#
        MaximumPollers:MaximumNumberOfPollers PollerGroupName:ProvisionedPollerGroupName
        Runtime = enum nodejs nodejs4.3 nodejs6.10 nodejs8.10 nodejs10.x nodejs12.x nodejs14.x nodejs16.x \#
        nodejs18.x nodejs20.x nodejs22.x nodejs24.x java8 java8.al2 java11 java17 java21 java25 python2.7 python3.6 \#
        python3.7 python3.8 python3.9 python3.10 python3.11 python3.12 python3.13 python3.14 dotnetcore1.0 \#
        dotnetcore2.0 dotnetcore2.1 dotnetcore3.1 dotnet6 dotnet8 dotnet10 nodejs4.3-edge go1.x ruby2.5 ruby2.7 \#
        ruby3.2 ruby3.3 ruby3.4 ruby4.0 provided provided.al2 provided.al2023 nodejs26.x python3.15 java8.al2023 \#
        java11.al2023 java17.al2023 custom
        RoleArn = text 0 10000 arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+
        Handler = text 0 128 [^\s]+
        Blob = opaque
        S3Bucket = text 3 63 [0-9A-Za-z\.\-_]*(?<!\.)
        S3Key = text 1 1024 .*
        S3ObjectVersion = text 1 1024 .*
        S3ObjectStorageMode = enum COPY REFERENCE
        FunctionCode = structure ZipFile:Blob S3Bucket:S3Bucket S3Key:S3Key S3ObjectVersion:S3ObjectVersion \#
        S3ObjectStorageMode:S3ObjectStorageMode ImageUri:String SourceKMSKeyArn:KMSKeyArn
        Timeout = integer 1 5400
        MemorySize = integer 128 32768
        Boolean = flag
        FunctionVersionLatestPublished = enum LATEST_PUBLISHED
        SubnetId = text 0 1024 subnet-[0-9a-z]*
        SubnetIds = list 0 16 SubnetId
        SecurityGroupId = text 0 1024 sg-[0-9a-zA-Z]*
        SecurityGroupIds = list 0 5 SecurityGroupId
        NullableBoolean = flag
        VpcConfig = structure SubnetIds:SubnetIds SecurityGroupIds:SecurityGroupIds \#
        Ipv6AllowedForDualStack:NullableBoolean
        PackageType = enum Zip Image
        ResourceArn = text 0 10000 (arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()
        DeadLetterConfig = structure TargetArn:ResourceArn
        EnvironmentVariableName = secret text - - [a-zA-Z]([a-zA-Z0-9_])+
        EnvironmentVariableValue = secret text - -
        EnvironmentVariables = secret map - - EnvironmentVariableName EnvironmentVariableValue
        Environment = structure Variables:EnvironmentVariables
        TracingMode = enum Active PassThrough
        TracingConfig = structure Mode:TracingMode
        LayerVersionArn = text 1 2048 \#
        ((arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-\#
        _]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+))
        LayerList = list - - LayerVersionArn
        FileSystemArn = text 0 256 \#
        arn:aws[a-zA-Z-]*:elasticfilesystem:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:access-poin\#
        t/fsap-[a-f0-9]{17}$|^arn:aws[-a-z]*:s3files:[0-9a-z-:]+:file-system/fs-[0-9a-f]{17,40}/access-point/fsap-[0\#
        -9a-f]{17,40}
        LocalMountPath = text 0 160 /mnt/[a-zA-Z0-9-_.]+
        DirectS3Read = enum ENABLED DISABLED AUTO
        S3FilesConfig = structure DirectS3Read:DirectS3Read
        FileSystemConfig = structure Arn:FileSystemArn! LocalMountPath:LocalMountPath! S3FilesConfig:S3FilesConfig
        FileSystemConfigList = list 0 1 FileSystemConfig
        CodeSigningConfigArn = text 0 200 \#
        arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:code-signing-config\#
        :csc-[a-z0-9]{17}
        StringList = list 0 1500 String
        WorkingDirectory = text 0 1000
        ImageConfig = structure EntryPoint:StringList Command:StringList WorkingDirectory:WorkingDirectory
        Architecture = enum x86_64 arm64
        ArchitecturesList = list 1 1 Architecture
        EphemeralStorageSize = integer 512 32768
        EphemeralStorage = structure Size:EphemeralStorageSize!
        SnapStartApplyOn = enum PublishedVersions None
        SnapStart = structure ApplyOn:SnapStartApplyOn
        LogFormat = enum JSON Text
        ApplicationLogLevel = enum TRACE DEBUG INFO WARN ERROR FATAL
        SystemLogLevel = enum DEBUG INFO WARN
        LogGroup = text 1 512 [\.\-_/#A-Za-z0-9]+
        LoggingConfig = structure LogFormat:LogFormat ApplicationLogLevel:ApplicationLogLevel \#
        SystemLogLevel:SystemLogLevel LogGroup:LogGroup
        TenantIsolationMode = enum PER_TENANT
        TenancyConfig = structure TenantIsolationMode:TenantIsolationMode!
        CapacityProviderArn = text 1 140 \#
        arn:aws[a-zA-Z-]*:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:capacity-provider:[a-z\#
        A-Z0-9-_]+
        PerExecutionEnvironmentMaxConcurrency = integer 1 1600
        ExecutionEnvironmentMemoryGiBPerVCpu = double 2 8
        LambdaManagedInstancesCapacityProviderConfig = structure CapacityProviderArn:CapacityProviderArn! \#
        PerExecutionEnvironmentMaxConcurrency:PerExecutionEnvironmentMaxConcurrency \#
        ExecutionEnvironmentMemoryGiBPerVCpu:ExecutionEnvironmentMemoryGiBPerVCpu
        CapacityProviderConfig = structure \#
        LambdaManagedInstancesCapacityProviderConfig:LambdaManagedInstancesCapacityProviderConfig!
        RetentionPeriodInDays = integer 1 90
        ExecutionTimeout = integer 1 31622400
        DurableConfig = structure KMSKeyArn:KMSKeyArn RetentionPeriodInDays:RetentionPeriodInDays \#
        ExecutionTimeout:ExecutionTimeout
        FunctionRuntimeArn = text 48 2048 arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:runtime/.+
        FunctionRuntimeAlias = text 1 128
        FunctionRuntimeConfig = structure RuntimeArn:FunctionRuntimeArn! RuntimeAlias:FunctionRuntimeAlias!
        AcceleratorMemoryGB = integer - -
        AcceleratorConfig = structure AcceleratorMemorySize:AcceleratorMemoryGB!
        FunctionUrlFunctionName = text 1 140 \#
        (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:\#
        )?([a-zA-Z0-9-_]{1,64})(:((?!\d+$)[0-9a-zA-Z-_]+))?
        FunctionUrlQualifier = text 1 128 ((?!^\d+$)^[0-9a-zA-Z-_]+$)
        AllowCredentials = flag
        Header = text 0 1024 .*
        HeadersList = list 0 100 Header
        Method = text 0 6 .*
        AllowMethodsList = list 0 6 Method
        Origin = text 1 253 .*
        AllowOriginsList = list 0 100 Origin
        MaxAge = integer 0 86400
        Cors = structure AllowCredentials:AllowCredentials AllowHeaders:HeadersList AllowMethods:AllowMethodsList \#
        AllowOrigins:AllowOriginsList ExposeHeaders:HeadersList MaxAge:MaxAge
        InvokeMode = enum BUFFERED RESPONSE_STREAM
        UUIDString = text 36 36
        Qualifier = text 1 128 (|[a-zA-Z0-9$_-]+)
        UnqualifiedFunctionName = text 1 140 \#
        (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:\#
        )?([a-zA-Z0-9-_]+)
        InvocationType = enum Event RequestResponse DryRun
        LogType = enum None Tail
        DurableExecutionName = text 1 64 [a-zA-Z0-9-_]+
        TenantId = text 1 256 [a-zA-Z0-9\._:\/=+\-@ ]+
        ResponseStreamingInvocationType = enum RequestResponse DryRun
        MaxListItems = integer 1 10000
        MaxFunctionEventInvokeConfigListItems = integer 1 50
        MaxItems = integer 1 50
        MasterRegion = text 1 50 ALL|(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}
        FunctionVersion = enum ALL
        MaxLayerListItems = integer 1 50
        MaxProvisionedConcurrencyConfigListItems = integer 1 50
        TaggableResource = text 1 10000 \#
        arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9\#
        -_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[\#
        0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|(capacity-provider|network-connector):[a-zA-Z0-9\#
        -_]{1,64})
        LayerVersionContentInput = structure S3Bucket:S3Bucket S3Key:S3Key S3ObjectVersion:S3ObjectVersion \#
        S3ObjectStorageMode:S3ObjectStorageMode ZipFile:Blob
        CompatibleArchitectures = list 0 2 Architecture
        CompatibleRuntimes = list 0 15 Runtime
        LicenseInfo = text 0 512 .*
        ReservedConcurrentExecutions = integer 0 -
        MaximumRetryAttempts = integer 0 2
        MaximumEventAgeInSeconds = integer 60 21600
        RecursiveLoop = enum Allow Terminate
        PositiveInteger = integer 1 -
        UpdateRuntimeOn = enum Auto Manual FunctionUpdate
        RuntimeVersionArn = text 26 2048 \#
        ((arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}::runtime:.+)|(arn:(aws[a-\#
        zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:runtime/[A-Za-z0-9_.-]{1,128}/v\#
        ersion/[A-Za-z0-9_.-]{1,128}))
        NamespacedStatementId = text 1 100 ([a-zA-Z0-9-_.]+)
        TagKeyList = list - - TagKey
        """#
}
