import FunctionModel
import FunctionStore
import LinuxKit
import SystemPackage
import TestSupport
import Testing

import struct Foundation.Date

@Suite struct LayerTableTests {
    static func layer(
        _ name: String = "tools", runtimes: [String]? = nil, architectures: [String]? = nil,
        code: CodeReference = CodeReference(digest: [UInt8](repeating: 9, count: 32), size: 20)
    ) -> LayerVersion {
        LayerVersion(
            layerName: name, compatibleRuntimes: runtimes, compatibleArchitectures: architectures, code: code,
            unzippedSize: 100, createdDate: Date(timeIntervalSince1970: 1_700_000_000))
    }

    @Test("a number is given out once, also when every version was deleted")
    func numbers() async throws {
        try await withStore { store, _ in
            #expect(try await store.publish(Self.layer()).number == 1)
            #expect(try await store.publish(Self.layer()).number == 2)
            #expect(try await store.publish(Self.layer("other")).number == 1)
            for number in [1, 2, 2, 7] { try await store.deleteLayerVersion("tools", number) }
            #expect(try await store.layerVersion("tools", 2) == nil)
            #expect(try await store.layers(LayerFilter(), page: ListPage()).items.map(\.layerName) == ["other"])
            #expect(try await store.publish(Self.layer()).number == 3)
            #expect(try await store.usage().codeSize == 40)
        }
    }

    @Test("lists have every layer's newest version that fits, and a layer's versions from the newest")
    func lists() async throws {
        try await withStore { store, _ in
            _ = try await store.publish(Self.layer("a", runtimes: ["python3.12"], architectures: ["x86_64"]))
            _ = try await store.publish(Self.layer("a", runtimes: ["java21", "java17"]))
            _ = try await store.publish(Self.layer("b"))
            func newest(_ filter: LayerFilter) async throws -> [String] {
                try await store.layers(filter, page: ListPage()).items.map { "\($0.layerName):\($0.number)" }
            }
            #expect(try await newest(LayerFilter()) == ["a:2", "b:1"])
            #expect(try await newest(LayerFilter(runtime: "python3.12")) == ["a:1"])
            #expect(try await newest(LayerFilter(runtime: "java17")) == ["a:2"])
            #expect(try await newest(LayerFilter(architecture: "x86_64")) == ["a:1"])
            #expect(try await newest(LayerFilter(runtime: "java17", architecture: "x86_64")) == [])
            let versions = try await store.layerVersions(of: "a", LayerFilter(), page: ListPage())
            #expect(versions.items.map(\.number) == [2, 1])
            #expect(try await store.layerVersions(of: "none", LayerFilter(), page: ListPage()).items.isEmpty)
        }
    }

    @Test("pages join without a gap")
    func pages() async throws {
        try await withStore { store, _ in
            for _ in 0..<5 { _ = try await store.publish(Self.layer()) }
            for name in ["a", "b"] { _ = try await store.publish(Self.layer(name)) }
            var (numbers, names, marker) = ([Int](), [String](), String?.none)
            repeat {
                let page = try await store.layerVersions(
                    of: "tools", LayerFilter(), page: ListPage(marker: marker, limit: 2))
                numbers += page.items.map(\.number)
                marker = page.nextMarker
            } while marker != nil
            repeat {
                let page = try await store.layers(LayerFilter(), page: ListPage(marker: marker, limit: 2))
                names += page.items.map(\.layerName)
                marker = page.nextMarker
            } while marker != nil
            #expect(numbers == [5, 4, 3, 2, 1])
            #expect(names == ["a", "b", "tools"])
        }
    }

    @Test("a policy is its version's, changes by its revision and goes with it")
    func policies() async throws {
        try await withStore { store, _ in
            _ = try await store.publish(Self.layer())
            let statement = PolicyStatement(id: "s1", action: "lambda:GetLayerVersion", principal: .everybody)
            let first = FunctionPolicy(revisionID: "1", statements: [statement])
            try await store.setLayerPolicy(first, of: "tools", 1, expectedRevision: nil)
            #expect(try await store.layerPolicy("tools", 1) == first)
            await #expect {
                try await store.setLayerPolicy(first, of: "tools", 1, expectedRevision: nil)
            } throws: { ($0 as? FunctionStoreError)?.code == .revisionMismatch }
            let none = FunctionPolicy(revisionID: "2", statements: [])
            try await store.setLayerPolicy(none, of: "tools", 1, expectedRevision: "1")
            #expect(try await store.layerPolicy("tools", 1) == nil)
            try await store.setLayerPolicy(first, of: "tools", 1, expectedRevision: nil)
            try await store.deleteLayerVersion("tools", 1)
            await #expect {
                try await store.setLayerPolicy(first, of: "tools", 1, expectedRevision: nil)
            } throws: { ($0 as? FunctionStoreError)?.code == .notFound }
        }
    }

    @Test("an archive stays as long as a layer version or a function's version has it")
    func code() async throws {
        try await withScratchDirectory { directory in
            let store = try SQLiteFunctionStore(directory: directory)
            let code = try await store.storeCode(Array("layer".utf8))
            let path = try store.codePath(code)
            _ = try await store.publish(Self.layer(code: code))
            try await store.releaseCode(code)
            #expect(FileStatus.exists(path))

            let layers = [FunctionLayer(arn: "arn", code: code, unzippedSize: 5)]
            var function = FunctionConfiguration.sample()
            function.layers = layers
            #expect(try await store.holdCode(code))
            try await store.create(function, tags: [:])
            try await store.releaseCode(code)
            _ = try await store.publishLatest()
            try await store.deleteLayerVersion("tools", 1)
            #expect(FileStatus.exists(path))
            try store.close()

            let reopened = try SQLiteFunctionStore(directory: directory)
            #expect(FileStatus.exists(path))
            #expect(
                try await reopened.configuration(name: "orders", version: .published(1))?.layers == layers)
            function.layers = nil
            try await reopened.update(function, expectedRevision: nil)
            #expect(FileStatus.exists(path))
            try await reopened.delete(name: "orders", version: .published(1))
            #expect(!FileStatus.exists(path))
            #expect(try await reopened.holdCode(code) == false)
            try reopened.close()
        }
    }

    @Test("an archive that a function has no more goes at once")
    func replaced() async throws {
        try await withStore { store, _ in
            let code = try await store.storeCode(Array("layer".utf8))
            var function = FunctionConfiguration.sample()
            function.layers = [FunctionLayer(arn: "arn", code: code, unzippedSize: 5)]
            try await store.create(function, tags: [:])
            try await store.releaseCode(code)
            function.layers = []
            try await store.update(function, expectedRevision: nil)
            #expect(!FileStatus.exists(try store.codePath(code)))
        }
    }
}
