import FunctionModel
import FunctionStore
import LinuxKit
import SystemPackage
import Testing

@Suite struct CodeTests {
    private let zip = Array("PK\u{3}\u{4}not really".utf8)

    @Test("the same bytes are kept once, named by their digest, for the owner's eyes only")
    func naming() async throws {
        try await withStore { store, directory in
            let code = try await store.storeCode([])
            #expect(code == CodeReference(sha256: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", size: 0))
            let name = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            let path = try store.codePath(code)
            #expect(path == directory.appending("code").appending(name))
            #expect(try await store.storeCode([]) == code)
            #expect(try Directory.entries(directory.appending("code")) == [name])
            #expect(try FileStatus.of(path).permissions == [.ownerRead])
            #expect(try FileStatus.of(directory.appending("code")).permissions == [.ownerReadWriteExecute])
            #expect(try FileStatus.of(directory.appending("thaw.db")).permissions == [.ownerReadWrite])
        }
    }

    @Test("code is there in full, and one MiB of it too")
    func content() async throws {
        try await withStore { store, _ in
            let bytes = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let code = try await store.storeCode(bytes)
            #expect(try OwnedDescriptor.open(try store.codePath(code), .readOnly).readAll() == bytes)
        }
    }

    @Test("a zip that was not stored leaves nothing")
    func drafts() async throws {
        try await withStore { store, directory in
            let codes = directory.appending("code")
            do {
                let draft = store.draftCode()
                #expect(try Directory.entries(codes).isEmpty)
                try draft.append(zip)
                #expect(draft.size == zip.count)
                #expect(try OwnedDescriptor.open(try draft.path(), .readOnly).readAll() == zip)
                #expect(try Directory.entries(codes).count == 1)
            }
            #expect(try Directory.entries(codes).isEmpty)
        }
    }

    @Test("code goes with the last version that refers to it")
    func unreferenced() async throws {
        try await withStore { store, _ in
            let code = try await store.storeCode(zip)
            let path = try store.codePath(code)
            try await store.create(.sample("a", code: code), tags: [:])
            try await store.create(.sample("b", code: code), tags: [:])
            _ = try await store.publishLatest("b")
            try await store.releaseCode(code)
            #expect(FileStatus.exists(path))
            try await store.delete(name: "a")
            #expect(FileStatus.exists(path))  // b and b:1
            let newer = try await store.storeCode([1])
            try await store.update(.sample("b", code: newer), expectedRevision: nil)
            #expect(FileStatus.exists(path))  // b:1
            try await store.delete(name: "b", version: .published(1))
            #expect(!FileStatus.exists(path))
            #expect(FileStatus.exists(try store.codePath(newer)))
        }
    }

    @Test("an update removes the code that it replaces")
    func replaced() async throws {
        try await withStore { store, _ in
            let old = try await store.storeCode([1])
            try await store.create(.sample(code: old), tags: [:])
            try await store.releaseCode(old)
            let new = try await store.storeCode([2])
            try await store.update(.sample(code: new), expectedRevision: nil)
            try await store.releaseCode(new)
            #expect(!FileStatus.exists(try store.codePath(old)))
            #expect(FileStatus.exists(try store.codePath(new)))
        }
    }

    @Test("code that was stored and not yet referred to outlives the deletion of its twin")
    func held() async throws {
        try await withStore { store, _ in
            let code = try await store.storeCode(zip)
            try await store.create(.sample("a", code: code), tags: [:])
            try await store.releaseCode(code)
            let again = try await store.storeCode(zip)
            try await store.delete(name: "a")
            #expect(FileStatus.exists(try store.codePath(again)))
            try await store.releaseCode(again)
            #expect(!FileStatus.exists(try store.codePath(again)))
        }
    }

    @Test("functions with one zip, made and deleted at once, never lack it")
    func racing() async throws {
        try await withStore { store, _ in
            let zip = zip
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<24 {
                    group.addTask {
                        let code = try await store.storeCode(zip)
                        try await store.create(.sample("f\(index)", code: code), tags: [:])
                        try await store.releaseCode(code)
                        #expect(FileStatus.exists(try store.codePath(code)))
                        try await store.delete(name: "f\(index)")
                    }
                }
                try await group.waitForAll()
            }
            let code = CodeReference(sha256: try await store.storeCode(zip).sha256, size: zip.count)
            try await store.releaseCode(code)
            #expect(!FileStatus.exists(try store.codePath(code)))
        }
    }

    @Test("a cancelled caller's code goes all the same")
    func cancelledRelease() async throws {
        try await withStore { store, _ in
            let code = try await store.storeCode(zip)
            try await Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await store.releaseCode(code)
            }.value
            #expect(!FileStatus.exists(try store.codePath(code)))
        }
    }

    @Test("releasing what nobody holds does no harm to what is referred to")
    func releasedTwice() async throws {
        try await withStore { store, _ in
            let code = try await store.storeCode(zip)
            try await store.create(.sample(code: code), tags: [:])
            for _ in 0..<3 { try await store.releaseCode(code) }
            #expect(FileStatus.exists(try store.codePath(code)))
        }
    }

    @Test(
        "a reference that is no digest names no file",
        arguments: ["", "../../etc/passwd", "Li4vLi4vZXRjL3Bhc3N3ZA==", "AAAA"])
    func hostile(sha256: String) async throws {
        try await withStore { store, _ in
            let code = CodeReference(sha256: sha256, size: 1)
            await expect(.invalid) { () throws(FunctionStoreError) in _ = try store.codePath(code) }
            await expect(.invalid) { () throws(FunctionStoreError) in try await store.releaseCode(code) }
        }
    }
}
