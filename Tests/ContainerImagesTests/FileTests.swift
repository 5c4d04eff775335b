import ContainerImages
import Glibc
import LinuxKit
import SystemPackage
import TestSupport
import Testing
import Workshop

/// Images in layouts on disk.
@Suite(.requiresRoot) struct FileTests {
    private static func root(_ text: String, _ store: ContainerImageStore) async throws -> ContainerRoot {
        let found = try await store.resolve(try ImageReference(parsing: text))
        return try await store.root(of: found) { _ in }
    }

    @Test("a layout's image is named by its tag, or alone")
    func layout() async throws {
        let (one, two) = (TestImage.sample("one"), TestImage.sample("two"))
        try await withStore { store, scratch in
            let (several, alone) = (scratch.appending("several"), scratch.appending("alone"))
            try TestImage.write(
                [one, two],
                index: TestImage.index([one.entry(nil, tag: "1"), two.entry(tag: "2"), TestImage.attestation]),
                to: several)
            try TestImage.write([one], index: TestImage.index([one.entry(nil)]), to: alone)
            #expect(try text("hello", in: try await Self.root("oci:\(several):1", store)) == "one")
            #expect(try text("hello", in: try await Self.root("oci:\(several):2", store)) == "two")
            #expect(try text("hello", in: try await Self.root("oci:\(alone)", store)) == "one")
            #expect(try text("hello", in: try await Self.root("oci:\(several)@\(two.digest)", store)) == "two")
            let found = try await store.resolve(try ImageReference(parsing: "oci:\(several):2"))
            #expect(found.resolvedReference == "oci:\(several)@\(two.digest)")
            for wrong in ["oci:\(several):3", "oci:\(scratch.appending("none"))", "oci:\(alone)@\(two.digest)"] {
                let error = try await #require(throws: ContainerImageError.self) { try await Self.root(wrong, store) }
                #expect(error.code == .notFound)
                #expect(error.message == "Source image \(wrong) does not exist. Provide a valid source image.")
            }
        }
    }

    @Test("an index within a layout is searched, as docker buildx writes it")
    func nested() async throws {
        let image = TestImage.sample()
        let inner = TestImage.index([image.entry(), TestImage.attestation])
        try await withStore { store, scratch in
            let path = scratch.appending("layout")
            let tag = ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"1\"}"
            try TestImage.write(
                [image], index: TestImage.index([TestImage.part(inner, TestImage.indexType, tag)]), to: path)
            try DurableFile.write(inner, to: path.pushing("blobs/sha256").appending(ImageDigest(of: inner).hexadecimal))
            #expect(try await Self.root("oci:\(path):1", store).digest == image.digest)
        }
    }

    @Test("a layout whose files are not what they are called is refused, and a pipe does not stop anybody")
    func damagedLayout() async throws {
        let image = TestImage.sample()
        try await withStore { store, scratch in
            let path = scratch.appending("layout")
            try TestImage.write([image], index: TestImage.index([image.entry(nil)]), to: path)
            let found = try await store.resolve(try ImageReference(parsing: "oci:\(path)"))
            let layer = path.pushing("blobs/sha256").appending(ImageDigest(of: image.layers[1]).hexadecimal)
            try DurableFile.write(Array(image.layers[1].dropLast()) + [9], to: layer)
            let error = try await #require(throws: ContainerImageError.self) {
                try await store.root(of: found) { _ in }
            }
            #expect(error.code == .damaged)
            try DurableFile.remove(layer)
            try syscall { layer.withPlatformString { mkfifo($0, 0o600) } }
            let second = try await #require(throws: ContainerImageError.self) {
                try await store.root(of: found) { _ in }
            }
            #expect(second.code == .notFound)
        }
    }

    @Test("a server may be told to take images from registries alone")
    func forbidden() async throws {
        var options = ContainerImageOptions()
        options.allowsFiles = false
        try await withStore(options) { store, _ in
            for reference in ["oci:/etc", "oci-archive:/etc/passwd", "docker-archive:/etc/passwd"] {
                let error = try await #require(throws: ContainerImageError.self) {
                    try await Self.root(reference, store)
                }
                #expect(error.code == .notFound)
            }
        }
    }

    @Test("more than an image may have is refused before it is fetched")
    func tooLarge() async throws {
        var options = ContainerImageOptions()
        options.limits.unpackedBytes = 1000
        let image = TestImage.sample()
        try await withStore(options) { store, scratch in
            let path = scratch.appending("layout")
            try TestImage.write([image], index: TestImage.index([image.entry(nil)]), to: path)
            let error = try await #require(throws: ContainerImageError.self) {
                try await Self.root("oci:\(path)", store)
            }
            #expect(error.code == .tooLarge)
        }
    }
}
