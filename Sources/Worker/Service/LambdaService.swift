/// Who answers the actions of the AWS Lambda API, by concern; a route takes the one it needs.
///
/// Every method throws ``LambdaError``: AWS's error type and message, ready for the wire.
package struct LambdaService: Sendable {
    package let functions: any FunctionControlling
    package let aliases: any AliasKeeping
    package let permissions: any PermissionKeeping
    package let urls: any FunctionURLKeeping
    package let concurrency: any ConcurrencyControlling
    package let provisioned: any ProvisionedConcurrencyKeeping
    package let eventConfigurations: any EventInvokeControlling
    package let account: any AccountKeeping
    package let settings: any FunctionSettingKeeping
    package let tags: any TagKeeping
    package let versions: any VersionPublishing
    package let invocations: any Invoking
    package let layers: any LayerKeeping
    package let eventSources: any EventSourceKeeping
    package let sandboxes: any SandboxListing
    package let logs: any LogReading

    package init(
        functions: any FunctionControlling, aliases: any AliasKeeping, permissions: any PermissionKeeping,
        urls: any FunctionURLKeeping, concurrency: any ConcurrencyControlling,
        provisioned: any ProvisionedConcurrencyKeeping,
        eventConfigurations: any EventInvokeControlling, account: any AccountKeeping,
        settings: any FunctionSettingKeeping, tags: any TagKeeping, versions: any VersionPublishing,
        invocations: any Invoking, layers: any LayerKeeping,
        eventSources: any EventSourceKeeping, sandboxes: any SandboxListing, logs: any LogReading
    ) {
        self.functions = functions
        self.aliases = aliases
        self.permissions = permissions
        self.urls = urls
        self.concurrency = concurrency
        self.provisioned = provisioned
        self.eventConfigurations = eventConfigurations
        self.account = account
        self.settings = settings
        self.tags = tags
        self.versions = versions
        self.invocations = invocations
        self.layers = layers
        self.eventSources = eventSources
        self.sandboxes = sandboxes
        self.logs = logs
    }
}
