// Written by scripts/service-model.

extension ServiceModel {
    /// The actions that are served, and their members.
    static let actions = #"""
        POST 2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy AddLayerVersionPermission \#
        LayerName:LayerNameOrArn!@{LayerName} VersionNumber:LayerVersionNumber!@{VersionNumber} \#
        StatementId:StatementId! Action:LayerPermissionAllowedAction! Principal:LayerPermissionAllowedPrincipal! \#
        OrganizationId:OrganizationId RevisionId:String@RevisionId
        POST 2015-03-31/functions/{FunctionName}/policy AddPermission \#
        FunctionName:NamespacedFunctionName!@{FunctionName} StatementId:StatementId! Action:Action! \#
        Principal:Principal! SourceArn:Arn FunctionUrlAuthType:FunctionUrlAuthType \#
        InvokedViaFunctionUrl:InvokedViaFunctionUrl SourceAccount:SourceOwner EventSourceToken:EventSourceToken \#
        Qualifier:NumericLatestPublishedOrAliasQualifier@Qualifier RevisionId:String PrincipalOrgID:PrincipalOrgID
        POST 2015-03-31/functions/{FunctionName}/aliases CreateAlias FunctionName:FunctionName!@{FunctionName} \#
        Name:Alias! FunctionVersion:VersionWithLatestPublished! Description:Description \#
        RoutingConfig:AliasRoutingConfiguration
        POST 2020-04-22/code-signing-configs CreateCodeSigningConfig Description:Description \#
        AllowedPublishers:AllowedPublishers! CodeSigningPolicies:CodeSigningPolicies Tags:Tags
        POST 2015-03-31/event-source-mappings CreateEventSourceMapping EventSourceArn:Arn \#
        FunctionName:NamespacedFunctionName! Enabled:Enabled BatchSize:BatchSize FilterCriteria:FilterCriteria \#
        KMSKeyArn:KMSKeyArn MetricsConfig:EventSourceMappingMetricsConfig \#
        LoggingConfig:EventSourceMappingLoggingConfig ScalingConfig:ScalingConfig \#
        MaximumBatchingWindowInSeconds:MaximumBatchingWindowInSeconds ParallelizationFactor:ParallelizationFactor \#
        StartingPosition:EventSourcePosition StartingPositionTimestamp:Date DestinationConfig:DestinationConfig \#
        MaximumRecordAgeInSeconds:MaximumRecordAgeInSeconds BisectBatchOnFunctionError:BisectBatchOnFunctionError \#
        MaximumRetryAttempts:MaximumRetryAttemptsEventSourceMapping Tags:Tags \#
        TumblingWindowInSeconds:TumblingWindowInSeconds Topics:Topics Queues:Queues \#
        SourceAccessConfigurations:SourceAccessConfigurations SelfManagedEventSource:SelfManagedEventSource \#
        FunctionResponseTypes:FunctionResponseTypeList \#
        AmazonManagedKafkaEventSourceConfig:AmazonManagedKafkaEventSourceConfig \#
        SelfManagedKafkaEventSourceConfig:SelfManagedKafkaEventSourceConfig \#
        DocumentDBEventSourceConfig:DocumentDBEventSourceConfig ProvisionedPollerConfig:ProvisionedPollerConfig
        POST 2015-03-31/functions CreateFunction FunctionName:FunctionName! Runtime:Runtime Role:RoleArn! \#
        Handler:Handler Code:FunctionCode! Description:Description Timeout:Timeout MemorySize:MemorySize \#
        Publish:Boolean PublishTo:FunctionVersionLatestPublished VpcConfig:VpcConfig PackageType:PackageType \#
        DeadLetterConfig:DeadLetterConfig Environment:Environment KMSKeyArn:KMSKeyArn TracingConfig:TracingConfig \#
        Tags:Tags Layers:LayerList FileSystemConfigs:FileSystemConfigList CodeSigningConfigArn:CodeSigningConfigArn \#
        ImageConfig:ImageConfig Architectures:ArchitecturesList EphemeralStorage:EphemeralStorage \#
        SnapStart:SnapStart LoggingConfig:LoggingConfig TenancyConfig:TenancyConfig \#
        CapacityProviderConfig:CapacityProviderConfig DurableConfig:DurableConfig \#
        RuntimeConfig:FunctionRuntimeConfig AcceleratorConfig:AcceleratorConfig
        POST 2021-10-31/functions/{FunctionName}/url CreateFunctionUrlConfig \#
        FunctionName:FunctionUrlFunctionName!@{FunctionName} Qualifier:FunctionUrlQualifier@Qualifier \#
        AuthType:FunctionUrlAuthType! Cors:Cors InvokeMode:InvokeMode
        DELETE 2015-03-31/functions/{FunctionName}/aliases/{Name} DeleteAlias \#
        FunctionName:FunctionName!@{FunctionName} Name:Alias!@{Name}
        DELETE 2020-04-22/code-signing-configs/{CodeSigningConfigArn} DeleteCodeSigningConfig \#
        CodeSigningConfigArn:CodeSigningConfigArn!@{CodeSigningConfigArn}
        DELETE 2015-03-31/event-source-mappings/{UUID} DeleteEventSourceMapping UUID:UUIDString!@{UUID}
        DELETE 2015-03-31/functions/{FunctionName} DeleteFunction \#
        FunctionName:NamespacedFunctionName!@{FunctionName} Qualifier:NumericLatestPublishedOrAliasQualifier@Qualifier
        DELETE 2020-06-30/functions/{FunctionName}/code-signing-config DeleteFunctionCodeSigningConfig \#
        FunctionName:NamespacedFunctionName!@{FunctionName}
        DELETE 2017-10-31/functions/{FunctionName}/concurrency DeleteFunctionConcurrency \#
        FunctionName:FunctionName!@{FunctionName}
        DELETE 2019-09-25/functions/{FunctionName}/event-invoke-config DeleteFunctionEventInvokeConfig \#
        FunctionName:NamespacedFunctionName!@{FunctionName} Qualifier:NumericLatestPublishedOrAliasQualifier@Qualifier
        DELETE 2021-10-31/functions/{FunctionName}/url DeleteFunctionUrlConfig \#
        FunctionName:FunctionUrlFunctionName!@{FunctionName} Qualifier:FunctionUrlQualifier@Qualifier
        DELETE 2018-10-31/layers/{LayerName}/versions/{VersionNumber} DeleteLayerVersion \#
        LayerName:LayerNameOrArn!@{LayerName} VersionNumber:LayerVersionNumber!@{VersionNumber}
        DELETE 2019-09-30/functions/{FunctionName}/provisioned-concurrency DeleteProvisionedConcurrencyConfig \#
        FunctionName:FunctionName!@{FunctionName} Qualifier:Qualifier!@Qualifier
        GET 2016-08-19/account-settings GetAccountSettings
        GET 2015-03-31/functions/{FunctionName}/aliases/{Name} GetAlias FunctionName:FunctionName!@{FunctionName} \#
        Name:Alias!@{Name}
        GET 2020-04-22/code-signing-configs/{CodeSigningConfigArn} GetCodeSigningConfig \#
        CodeSigningConfigArn:CodeSigningConfigArn!@{CodeSigningConfigArn}
        GET 2015-03-31/event-source-mappings/{UUID} GetEventSourceMapping UUID:UUIDString!@{UUID}
        GET 2015-03-31/functions/{FunctionName} GetFunction FunctionName:NamespacedFunctionName!@{FunctionName} \#
        Qualifier:NumericLatestPublishedOrAliasQualifier@Qualifier
        GET 2020-06-30/functions/{FunctionName}/code-signing-config GetFunctionCodeSigningConfig \#
        FunctionName:NamespacedFunctionName!@{FunctionName}
        GET 2019-09-30/functions/{FunctionName}/concurrency GetFunctionConcurrency \#
        FunctionName:FunctionName!@{FunctionName}
        GET 2015-03-31/functions/{FunctionName}/configuration GetFunctionConfiguration \#
        FunctionName:NamespacedFunctionName!@{FunctionName} Qualifier:NumericLatestPublishedOrAliasQualifier@Qualifier
        GET 2019-09-25/functions/{FunctionName}/event-invoke-config GetFunctionEventInvokeConfig \#
        FunctionName:NamespacedFunctionName!@{FunctionName} Qualifier:NumericLatestPublishedOrAliasQualifier@Qualifier
        GET 2024-08-31/functions/{FunctionName}/recursion-config GetFunctionRecursionConfig \#
        FunctionName:UnqualifiedFunctionName!@{FunctionName}
        GET 2021-10-31/functions/{FunctionName}/url GetFunctionUrlConfig \#
        FunctionName:FunctionUrlFunctionName!@{FunctionName} Qualifier:FunctionUrlQualifier@Qualifier
        GET 2018-10-31/layers/{LayerName}/versions/{VersionNumber} GetLayerVersion \#
        LayerName:LayerNameOrArn!@{LayerName} VersionNumber:LayerVersionNumber!@{VersionNumber}
        GET 2018-10-31/layers?find=LayerVersion GetLayerVersionByArn Arn:LayerVersionArn!@Arn
        GET 2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy GetLayerVersionPolicy \#
        LayerName:LayerNameOrArn!@{LayerName} VersionNumber:LayerVersionNumber!@{VersionNumber}
        GET 2015-03-31/functions/{FunctionName}/policy GetPolicy \#
        FunctionName:NamespacedFunctionName!@{FunctionName} Qualifier:NumericLatestPublishedOrAliasQualifier@Qualifier
        GET 2019-09-30/functions/{FunctionName}/provisioned-concurrency GetProvisionedConcurrencyConfig \#
        FunctionName:FunctionName!@{FunctionName} Qualifier:Qualifier!@Qualifier
        GET 2021-07-20/functions/{FunctionName}/runtime-management-config GetRuntimeManagementConfig \#
        FunctionName:NamespacedFunctionName!@{FunctionName} Qualifier:NumericLatestPublishedOrAliasQualifier@Qualifier
        POST 2015-03-31/functions/{FunctionName}/invocations Invoke \#
        FunctionName:NamespacedFunctionName!@{FunctionName} InvocationType:InvocationType@=X-Amz-Invocation-Type \#
        LogType:LogType@=X-Amz-Log-Type ClientContext:String@=X-Amz-Client-Context \#
        DurableExecutionName:DurableExecutionName@=X-Amz-Durable-Execution-Name \#
        Qualifier:NumericLatestPublishedOrAliasQualifier@Qualifier TenantId:TenantId@=X-Amz-Tenant-Id
        POST 2021-11-15/functions/{FunctionName}/response-streaming-invocations InvokeWithResponseStream \#
        FunctionName:NamespacedFunctionName!@{FunctionName} LogType:LogType@=X-Amz-Log-Type \#
        ClientContext:String@=X-Amz-Client-Context Qualifier:NumericLatestPublishedOrAliasQualifier@Qualifier \#
        TenantId:TenantId@=X-Amz-Tenant-Id InvocationType:ResponseStreamingInvocationType@=X-Amz-Invocation-Type
        GET 2015-03-31/functions/{FunctionName}/aliases ListAliases FunctionName:FunctionName!@{FunctionName} \#
        FunctionVersion:VersionWithLatestPublished@FunctionVersion Marker:String@Marker MaxItems:MaxListItems@MaxItems
        GET 2020-04-22/code-signing-configs ListCodeSigningConfigs Marker:String@Marker MaxItems:MaxListItems@MaxItems
        GET 2015-03-31/event-source-mappings ListEventSourceMappings EventSourceArn:Arn@EventSourceArn \#
        FunctionName:NamespacedFunctionName@FunctionName Marker:String@Marker MaxItems:MaxListItems@MaxItems
        GET 2019-09-25/functions/{FunctionName}/event-invoke-config/list ListFunctionEventInvokeConfigs \#
        FunctionName:NamespacedFunctionName!@{FunctionName} Marker:String@Marker \#
        MaxItems:MaxFunctionEventInvokeConfigListItems@MaxItems
        GET 2021-10-31/functions/{FunctionName}/urls ListFunctionUrlConfigs \#
        FunctionName:FunctionUrlFunctionName!@{FunctionName} Marker:String@Marker MaxItems:MaxItems@MaxItems
        GET 2015-03-31/functions ListFunctions MasterRegion:MasterRegion@MasterRegion \#
        FunctionVersion:FunctionVersion@FunctionVersion Marker:String@Marker MaxItems:MaxListItems@MaxItems
        GET 2020-04-22/code-signing-configs/{CodeSigningConfigArn}/functions ListFunctionsByCodeSigningConfig \#
        CodeSigningConfigArn:CodeSigningConfigArn!@{CodeSigningConfigArn} Marker:String@Marker \#
        MaxItems:MaxListItems@MaxItems
        GET 2018-10-31/layers/{LayerName}/versions ListLayerVersions \#
        CompatibleArchitecture:Architecture@CompatibleArchitecture CompatibleRuntime:Runtime@CompatibleRuntime \#
        LayerName:LayerNameOrArn!@{LayerName} Marker:String@Marker MaxItems:MaxLayerListItems@MaxItems
        GET 2018-10-31/layers ListLayers CompatibleArchitecture:Architecture@CompatibleArchitecture \#
        CompatibleRuntime:Runtime@CompatibleRuntime Marker:String@Marker MaxItems:MaxLayerListItems@MaxItems
        GET 2019-09-30/functions/{FunctionName}/provisioned-concurrency?List=ALL ListProvisionedConcurrencyConfigs \#
        FunctionName:FunctionName!@{FunctionName} Marker:String@Marker \#
        MaxItems:MaxProvisionedConcurrencyConfigListItems@MaxItems
        GET 2017-03-31/tags/{Resource} ListTags Resource:TaggableResource!@{Resource}
        GET 2015-03-31/functions/{FunctionName}/versions ListVersionsByFunction \#
        FunctionName:NamespacedFunctionName!@{FunctionName} Marker:String@Marker MaxItems:MaxListItems@MaxItems
        POST 2018-10-31/layers/{LayerName}/versions PublishLayerVersion LayerName:LayerNameOrArn!@{LayerName} \#
        Description:Description Content:LayerVersionContentInput! CompatibleArchitectures:CompatibleArchitectures \#
        CompatibleRuntimes:CompatibleRuntimes LicenseInfo:LicenseInfo
        POST 2015-03-31/functions/{FunctionName}/versions PublishVersion FunctionName:FunctionName!@{FunctionName} \#
        CodeSha256:String Description:Description RevisionId:String PublishTo:FunctionVersionLatestPublished
        PUT 2020-06-30/functions/{FunctionName}/code-signing-config PutFunctionCodeSigningConfig \#
        CodeSigningConfigArn:CodeSigningConfigArn! FunctionName:NamespacedFunctionName!@{FunctionName}
        PUT 2017-10-31/functions/{FunctionName}/concurrency PutFunctionConcurrency \#
        FunctionName:FunctionName!@{FunctionName} ReservedConcurrentExecutions:ReservedConcurrentExecutions!
        PUT 2019-09-25/functions/{FunctionName}/event-invoke-config PutFunctionEventInvokeConfig \#
        FunctionName:NamespacedFunctionName!@{FunctionName} \#
        Qualifier:NumericLatestPublishedOrAliasQualifier@Qualifier MaximumRetryAttempts:MaximumRetryAttempts \#
        MaximumEventAgeInSeconds:MaximumEventAgeInSeconds DestinationConfig:DestinationConfig
        PUT 2024-08-31/functions/{FunctionName}/recursion-config PutFunctionRecursionConfig \#
        FunctionName:UnqualifiedFunctionName!@{FunctionName} RecursiveLoop:RecursiveLoop!
        PUT 2019-09-30/functions/{FunctionName}/provisioned-concurrency PutProvisionedConcurrencyConfig \#
        FunctionName:FunctionName!@{FunctionName} Qualifier:Qualifier!@Qualifier \#
        ProvisionedConcurrentExecutions:PositiveInteger!
        PUT 2021-07-20/functions/{FunctionName}/runtime-management-config PutRuntimeManagementConfig \#
        FunctionName:NamespacedFunctionName!@{FunctionName} \#
        Qualifier:NumericLatestPublishedOrAliasQualifier@Qualifier UpdateRuntimeOn:UpdateRuntimeOn! \#
        RuntimeVersionArn:RuntimeVersionArn
        DELETE 2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy/{StatementId} \#
        RemoveLayerVersionPermission LayerName:LayerNameOrArn!@{LayerName} \#
        VersionNumber:LayerVersionNumber!@{VersionNumber} StatementId:StatementId!@{StatementId} \#
        RevisionId:String@RevisionId
        DELETE 2015-03-31/functions/{FunctionName}/policy/{StatementId} RemovePermission \#
        FunctionName:NamespacedFunctionName!@{FunctionName} StatementId:NamespacedStatementId!@{StatementId} \#
        Qualifier:NumericLatestPublishedOrAliasQualifier@Qualifier RevisionId:String@RevisionId
        POST 2017-03-31/tags/{Resource} TagResource Resource:TaggableResource!@{Resource} Tags:Tags!
        DELETE 2017-03-31/tags/{Resource} UntagResource Resource:TaggableResource!@{Resource} \#
        TagKeys:TagKeyList!@tagKeys
        PUT 2015-03-31/functions/{FunctionName}/aliases/{Name} UpdateAlias \#
        FunctionName:FunctionName!@{FunctionName} Name:Alias!@{Name} FunctionVersion:VersionWithLatestPublished \#
        Description:Description RoutingConfig:AliasRoutingConfiguration RevisionId:String
        PUT 2020-04-22/code-signing-configs/{CodeSigningConfigArn} UpdateCodeSigningConfig \#
        CodeSigningConfigArn:CodeSigningConfigArn!@{CodeSigningConfigArn} Description:Description \#
        AllowedPublishers:AllowedPublishers CodeSigningPolicies:CodeSigningPolicies
        PUT 2015-03-31/event-source-mappings/{UUID} UpdateEventSourceMapping UUID:UUIDString!@{UUID} \#
        FunctionName:NamespacedFunctionName Enabled:Enabled BatchSize:BatchSize FilterCriteria:FilterCriteria \#
        KMSKeyArn:KMSKeyArn MetricsConfig:EventSourceMappingMetricsConfig \#
        LoggingConfig:EventSourceMappingLoggingConfig ScalingConfig:ScalingConfig \#
        MaximumBatchingWindowInSeconds:MaximumBatchingWindowInSeconds ParallelizationFactor:ParallelizationFactor \#
        DestinationConfig:DestinationConfig MaximumRecordAgeInSeconds:MaximumRecordAgeInSeconds \#
        BisectBatchOnFunctionError:BisectBatchOnFunctionError \#
        MaximumRetryAttempts:MaximumRetryAttemptsEventSourceMapping TumblingWindowInSeconds:TumblingWindowInSeconds \#
        SourceAccessConfigurations:SourceAccessConfigurations FunctionResponseTypes:FunctionResponseTypeList \#
        AmazonManagedKafkaEventSourceConfig:AmazonManagedKafkaEventSourceConfig \#
        SelfManagedKafkaEventSourceConfig:SelfManagedKafkaEventSourceConfig \#
        DocumentDBEventSourceConfig:DocumentDBEventSourceConfig ProvisionedPollerConfig:ProvisionedPollerConfig
        PUT 2015-03-31/functions/{FunctionName}/code UpdateFunctionCode FunctionName:FunctionName!@{FunctionName} \#
        ZipFile:Blob S3Bucket:S3Bucket S3Key:S3Key S3ObjectVersion:S3ObjectVersion \#
        S3ObjectStorageMode:S3ObjectStorageMode ImageUri:String Architectures:ArchitecturesList Publish:Boolean \#
        PublishTo:FunctionVersionLatestPublished DryRun:Boolean RevisionId:String SourceKMSKeyArn:KMSKeyArn
        PUT 2015-03-31/functions/{FunctionName}/configuration UpdateFunctionConfiguration \#
        FunctionName:FunctionName!@{FunctionName} Role:RoleArn Handler:Handler Description:Description \#
        Timeout:Timeout MemorySize:MemorySize VpcConfig:VpcConfig Environment:Environment Runtime:Runtime \#
        DeadLetterConfig:DeadLetterConfig KMSKeyArn:KMSKeyArn TracingConfig:TracingConfig RevisionId:String \#
        Layers:LayerList FileSystemConfigs:FileSystemConfigList ImageConfig:ImageConfig \#
        EphemeralStorage:EphemeralStorage SnapStart:SnapStart LoggingConfig:LoggingConfig \#
        CapacityProviderConfig:CapacityProviderConfig DurableConfig:DurableConfig \#
        RuntimeConfig:FunctionRuntimeConfig AcceleratorConfig:AcceleratorConfig
        POST 2019-09-25/functions/{FunctionName}/event-invoke-config UpdateFunctionEventInvokeConfig \#
        FunctionName:NamespacedFunctionName!@{FunctionName} \#
        Qualifier:NumericLatestPublishedOrAliasQualifier@Qualifier MaximumRetryAttempts:MaximumRetryAttempts \#
        MaximumEventAgeInSeconds:MaximumEventAgeInSeconds DestinationConfig:DestinationConfig
        PUT 2021-10-31/functions/{FunctionName}/url UpdateFunctionUrlConfig \#
        FunctionName:FunctionUrlFunctionName!@{FunctionName} Qualifier:FunctionUrlQualifier@Qualifier \#
        AuthType:FunctionUrlAuthType Cors:Cors InvokeMode:InvokeMode
        """#
}
