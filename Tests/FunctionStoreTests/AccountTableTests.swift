import FunctionModel
import FunctionStore
import Testing

import struct Foundation.Date

@Suite struct AccountTableTests {
    @Test("each version counts its own code")
    func usage() async throws {
        try await withStore { store, _ in
            #expect(try await store.usage() == StoreUsage(functions: 0, codeSize: 0))
            try await store.create(.sample(), tags: [:])
            #expect(try await store.usage() == StoreUsage(functions: 1, codeSize: 276))
            _ = try await store.publishLatest()
            #expect(try await store.usage() == StoreUsage(functions: 1, codeSize: 552))
            try await store.delete(name: "orders")
            #expect(try await store.usage() == StoreUsage(functions: 0, codeSize: 0))
        }
    }

    @Test("settings are a function's, and go with it")
    func settings() async throws {
        try await withStore { store, _ in
            await #expect { try await store.set(.recursion, of: "orders", qualifier: nil, to: "Allow") } throws: {
                ($0 as? FunctionStoreError)?.code == .notFound
            }
            try await store.create(.sample(), tags: [:])
            try await store.set(.codeSigning, of: "orders", qualifier: nil, to: "csc-1")
            try await store.set(.runtimeManagement, of: "orders", qualifier: "1", to: "x")
            try await store.set(.runtimeManagement, of: "orders", qualifier: "1", to: "y")
            #expect(try await store.setting(.runtimeManagement, of: "orders", qualifier: "1") == "y")
            #expect(try await store.setting(.runtimeManagement, of: "orders", qualifier: "$LATEST") == nil)
            let users = try await store.functions(with: .codeSigning, equal: "csc-1", page: ListPage())
            #expect(users == Page(items: ["orders"], nextMarker: nil))
            try await store.set(.codeSigning, of: "orders", qualifier: nil, to: nil)
            #expect(try await store.setting(.codeSigning, of: "orders", qualifier: nil) == nil)
            try await store.delete(name: "orders")
            #expect(try await store.setting(.runtimeManagement, of: "orders", qualifier: "1") == nil)
        }
    }

    @Test("code signing configurations are kept until deleted")
    func codeSigning() async throws {
        try await withStore { store, _ in
            var configuration = CodeSigningConfiguration(
                id: CodeSigningConfiguration.makeID(), description: nil, publishers: ["p"], policy: "Warn",
                lastModified: Date(timeIntervalSince1970: 1_700_000_000))
            try await store.save(configuration)
            configuration.policy = "Enforce"
            try await store.save(configuration)
            #expect(try await store.codeSigningConfiguration(configuration.id) == configuration)
            let page = try await store.codeSigningConfigurations(page: ListPage())
            #expect(page == Page(items: [configuration], nextMarker: nil))
            try await store.deleteCodeSigningConfiguration(configuration.id)
            #expect(try await store.codeSigningConfiguration(configuration.id) == nil)
        }
    }
}
