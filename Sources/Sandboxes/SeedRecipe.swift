package import GuestProtocol

/// How a runtime is booted without a function, so that an engine that clones running processes can start functions from it.
package struct SeedRecipe: Sendable, Hashable {
    /// The argument vector; the runtime then asks `/runtime/seed/next` for its function.
    package var arguments: [String]
    package var environment: [String: String]
    /// Names of variables that count when the process starts, or prefixes that end in `*`: a function that sets one of them
    /// to something else than ``environment`` does starts by itself.
    package var startVariables: [String]

    package init(arguments: [String], environment: [String: String], startVariables: [String]) {
        self.arguments = arguments
        self.environment = environment
        self.startVariables = startVariables
    }

    /// The variables, sorted, that keep a function with these from being started from the seed.
    package func differences(from variables: [EnvironmentVariable]) -> [String] {
        let own = Dictionary(variables.map { ($0.name, $0.value) }) { $1 }
        return Set(own.keys).union(environment.keys)
            .filter { name in counts(name) && own[name] != environment[name] }
            .sorted()
    }

    private func counts(_ name: String) -> Bool {
        startVariables.contains { pattern in
            pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
        }
    }
}
