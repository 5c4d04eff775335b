import FunctionModel
import FunctionStore
import GRDB
import Glibc
import LinuxKit
import SystemPackage
import TestSupport
import Testing

@Suite struct DurabilityTests {
    @Test("a commit is on disk before it is reported")
    func synchronous() async throws {
        try await withStore { store, _ in
            let settings = try await store.pool.writeWithoutTransaction { db in
                (
                    try Int.fetchOne(db, sql: "PRAGMA synchronous"),
                    try String.fetchOne(db, sql: "PRAGMA journal_mode"),
                    try Int.fetchOne(db, sql: "PRAGMA foreign_keys")
                )
            }
            #expect(settings.0 == 2)  // FULL
            #expect(settings.1 == "wal")
            #expect(settings.2 == 1)
        }
    }

    @Test("the database file alone has everything once the store is closed")
    func wholeWhenClosed() async throws {
        try await withScratchDirectory { directory in
            let (old, copy) = (directory.appending("old"), directory.appending("copy"))
            let store = try SQLiteFunctionStore(directory: old)
            let code = try await store.storeCode(Array("zip".utf8))
            try await store.create(.sample(code: code), tags: ["a": "b"])
            try store.close()
            try Directory.create(copy)
            let database = try OwnedDescriptor.open(old.appending("thaw.db"), .readOnly).readAll()
            try DurableFile.write(database, to: copy.appending("thaw.db"))
            let copied = try SQLiteFunctionStore(directory: copy)
            let tags = try await copied.tags("orders")
            #expect(tags == ["a": "b"])
            try copied.close()
        }
    }

    @Test("everything acknowledged is there after the process was killed in the middle of its work")
    func killed() async throws {
        try await withScratchDirectory { directory in
            let path = directory.string
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
                let directory = FilePath(path)
                let store = try SQLiteFunctionStore(directory: directory.appending("state"))
                let log = try OwnedDescriptor.open(directory.appending("log"), .writeOnly, options: [.create]).shared()
                let code = try await store.storeCode(Array("zip".utf8))
                try await store.create(.sample(code: code), tags: ["a": "b"])
                await withTaskGroup(of: Void.self) { group in
                    // More publishes than are waited for: the kill meets some of them half done.
                    for _ in 0..<64 {
                        group.addTask {
                            guard let version = try? await store.publishLatest().version else { return }
                            try? log.descriptor.writeAll(Array("\(version)\n".utf8))
                            if version == .published(20) { kill(getpid(), SIGKILL) }
                        }
                    }
                }
            }
            let log = try OwnedDescriptor.open(directory.appending("log"), .readOnly).readAll()
            let acknowledged = Set(String(decoding: log, as: UTF8.self).split(separator: "\n").map(String.init))
            #expect(acknowledged.count >= 1)
            let store = try SQLiteFunctionStore(directory: directory.appending("state"))
            let listed = try await store.versions(of: "orders", page: ListPage(limit: 100)).items
            #expect(acknowledged.isSubset(of: listed.map(\.version.qualifier)))
            let latest = try #require(listed.first)
            #expect(FileStatus.exists(try store.codePath(latest.code)))
            #expect(try await store.tags("orders") == ["a": "b"])
            let next = try await store.publishLatest().version
            #expect(next == .published(listed.count))  // no gap, and none of the old numbers
            try store.close()
        }
    }

    @Test("a kill while code is written leaves nothing under its name, and the rest is swept")
    func sweeping() async throws {
        try await withScratchDirectory { directory in
            let code = directory.appending("code")
            let kept: CodeReference
            do {
                let store = try SQLiteFunctionStore(directory: directory)
                kept = try await store.storeCode([1])
                try await store.create(.sample(code: kept), tags: [:])
                _ = try await store.storeCode([2])  // acknowledged to nobody: no function refers to it
                try store.close()
            }
            let digest = String(repeating: "ab", count: 32)
            for name in [".\(digest).k3jx", ".upload.k3jx", "README", ".hidden", "\(digest)0"] {
                try DurableFile.write([0], to: code.appending(name))
            }
            let store = try SQLiteFunctionStore(directory: directory)
            let left = try Directory.entries(code)
            #expect(Set(left) == ["README", ".hidden", "\(digest)0", try #require(kept.hexadecimalDigest)])
            try store.close()
        }
    }

    @Test("one process has the directory at a time, and a closed store gives it free")
    func locking() async throws {
        try await withScratchDirectory { directory in
            let store = try SQLiteFunctionStore(directory: directory)
            await expect(.inUse) { () throws(FunctionStoreError) in _ = try SQLiteFunctionStore(directory: directory) }
            try await store.create(.sample(), tags: [:])
            try store.close()
            await expect(.inputOutput) { () throws(FunctionStoreError) in _ = try await store.exists("orders") }
            let next = try SQLiteFunctionStore(directory: directory)
            #expect(try await next.exists("orders"))
            try next.close()
        }
    }

    @Test("missing parents of the directory are made")
    func parents() async throws {
        try await withScratchDirectory { directory in
            let deep = directory.appending("a").appending("b").appending("c")
            let store = try SQLiteFunctionStore(directory: deep)
            try await store.create(.sample(), tags: [:])
            try store.close()
            #expect(FileStatus.exists(deep.appending("thaw.db")))
        }
    }

    @Test("a directory that cannot be is refused by name", arguments: ["/dev/null/state", "/proc/thaw"])
    func impossible(path: String) async {
        await expect(.inputOutput) { () throws(FunctionStoreError) in
            do throws(FunctionStoreError) {
                _ = try SQLiteFunctionStore(directory: FilePath(path))
            } catch {
                #expect(error.message.contains(path))
                throw error
            }
        }
    }

    @Test("a database that is none is refused with what to do, and left as it is")
    func garbage() async throws {
        try await withScratchDirectory { directory in
            let bytes = Array(repeating: UInt8(ascii: "x"), count: 8192)
            try DurableFile.write(bytes, to: directory.appending("thaw.db"))
            await expect(.corrupt) { () throws(FunctionStoreError) in
                do throws(FunctionStoreError) {
                    _ = try SQLiteFunctionStore(directory: directory)
                } catch {
                    #expect(error.message.contains("thaw.db"))
                    #expect(error.message.contains("backup"))
                    throw error
                }
            }
            #expect(try OwnedDescriptor.open(directory.appending("thaw.db"), .readOnly).readAll() == bytes)
        }
    }

    @Test("a database of a newer program is refused")
    func newer() async throws {
        try await withScratchDirectory { directory in
            let store = try SQLiteFunctionStore(directory: directory)
            try await store.pool.write { db in
                try db.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('9 from the future')")
            }
            try store.close()
            await expect(.newerFormat) { () throws(FunctionStoreError) in
                _ = try SQLiteFunctionStore(directory: directory)
            }
        }
    }

    @Test(
        "a damaged row is an error that names it; other rows are served, and it can be deleted",
        arguments: ["", "{", "{}", "null", "[1]", "{\"functionName\":7}"])
    func damaged(text: String) async throws {
        try await withStore { store, _ in
            try await store.create(.sample("orders"), tags: [:])
            try await store.create(.sample("other"), tags: [:])
            try await store.pool.write { db in
                try db.execute(
                    sql: "UPDATE version SET configuration = ? WHERE functionName = 'orders'", arguments: [text])
            }
            await expect(.corrupt) { () throws(FunctionStoreError) in
                do throws(FunctionStoreError) {
                    _ = try await store.configuration(name: "orders", version: .latest)
                } catch {
                    #expect(error.message.contains("$LATEST of function orders"))
                    throw error
                }
            }
            #expect(try await store.configuration(name: "other", version: .latest) != nil)
            try await store.delete(name: "orders")
            #expect(try await store.list(allVersions: true, page: ListPage()).items.count == 1)
        }
    }

    /// A row as the first release wrote it. When this fails, rows on users' disks can no longer be read: migrate them.
    @Test("rows of the first format can be read")
    func firstFormat() async throws {
        try await withStore { store, _ in
            let row = """
                {"architectures":["x86_64"],"code":{"sha256":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=","size":0},\
                "contentID":"c","description":"","environment":{"KEY":"value"},"ephemeralStorage":512,\
                "functionName":"orders","handler":"app.handler","lastModified":721692800.123456,\
                "lastUpdate":{"failed":{"_0":{"code":"FunctionError.InitTimeout","message":"m"}}},"memorySize":128,\
                "revisionID":"r","role":"arn:aws:iam::123456789012:role/lambda","runtime":"python3.11",\
                "snapStart":{"applyOn":"PublishedVersions","optimizationStatus":"Off"},\
                "state":{"pending":{"_0":{"code":"Creating","message":"The function is being created."}}},\
                "timeout":3,"tracingMode":"PassThrough","version":{"published":{"_0":7}}}
                """
            try await store.create(.sample(), tags: [:])
            try await store.pool.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO version (functionName, number, revisionID, codeSha256, isUnfinished, configuration)
                        VALUES ('orders', 7, 'r', '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=', 1, ?)
                        """, arguments: [row])
            }
            let read = try #require(try await store.configuration(name: "orders", version: .published(7)))
            #expect(read.state == .pending(.creating))
            #expect(read.lastUpdate == .failed(.initTimeout("m")))
            #expect(read.version == .published(7))
            #expect(read.vpc == nil)
            #expect(try JSONText.encode(read) == row)
        }
    }

    @Test("a VpcConfig is kept, an empty one too")
    func vpc() async throws {
        try await withScratchDirectory { directory in
            let vpcs = [VPCConfiguration(subnetIDs: ["subnet-a"], securityGroupIDs: ["sg-1"]), VPCConfiguration()]
            var store = try SQLiteFunctionStore(directory: directory)
            for (number, vpc) in vpcs.enumerated() {
                var function = FunctionConfiguration.sample("f\(number)")
                function.vpc = vpc
                try await store.create(function, tags: [:])
            }
            try store.close()
            store = try SQLiteFunctionStore(directory: directory)
            for (number, vpc) in vpcs.enumerated() {
                #expect(try await store.configuration(name: "f\(number)", version: .latest)?.vpc == vpc)
            }
            try store.close()
        }
    }

    @Test("a cancelled caller changes nothing")
    func cancellation() async throws {
        try await withStore { store, _ in
            await Task {
                withUnsafeCurrentTask { $0?.cancel() }
                await expect(.cancelled) { () throws(FunctionStoreError) in
                    try await store.create(.sample(), tags: [:])
                }
            }.value
            let exists = try await store.exists("orders")
            #expect(!exists)
        }
    }

    @Test("a full database is said to be a full disk, and the store goes on")
    func fullDatabase() async throws {
        try await withStore { store, _ in
            try await store.create(.sample(), tags: [:])
            try await store.pool.writeWithoutTransaction { db in
                _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = 1")  // means: no more than there are
            }
            var large = FunctionConfiguration.sample("large")
            large.environment = ["KEY": String(repeating: "x", count: 1 << 20)]
            let refused = large
            await expect(.noSpace) { () throws(FunctionStoreError) in try await store.create(refused, tags: [:]) }
            #expect(try await store.exists("orders"))
            #expect(try await !store.exists("large"))
            try await store.delete(name: "orders")
        }
    }

    @Test("code that does not fit on the disk is refused, leaves nothing, and smaller code is taken", .requiresRoot)
    func fullDisk() throws {
        try withScratchDirectory { directory in
            let disk = try smallDisk(on: directory, megabytes: 1)
            try disk.withRaw { raw throws(any Error) in
                let codes = try CodeDirectory(path: FilePath("/proc/self/fd/\(raw)/code"))
                do throws(FunctionStoreError) {
                    _ = try codes.store([UInt8](repeating: 7, count: 4 << 20))
                    Issue.record("nothing was thrown")
                } catch {
                    #expect(error.code == .noSpace)
                    #expect(error.cause == .noSpace)
                    #expect(error.message.contains("--state-dir"))
                }
                #expect(try Directory.entries(codes.path).isEmpty)
                let code = try codes.store([1])
                #expect(FileStatus.exists(try codes.filePath(code)))
            }
        }
    }

    /// A tmpfs without a name: taken out of the tree at once, it lives as long as the descriptor.
    private func smallDisk(on directory: FilePath, megabytes: Int) throws -> OwnedDescriptor {
        try Mount.mount("tmpfs", on: directory, type: "tmpfs", data: "size=\(megabytes)m")
        defer { try? Mount.unmount(directory, detach: true) }
        return try OwnedDescriptor.openDirectory(directory)
    }
}
