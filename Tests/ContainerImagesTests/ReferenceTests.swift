import ContainerImages
import Testing

@Suite struct ReferenceTests {
    private static let hexadecimal = String(repeating: "0123456789abcdef", count: 4)
    private static let digest = "sha256:" + hexadecimal

    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var place: ImageReference.Place
        var tag: String?
        var isPinned = false
        var testDescription: String { text }
    }

    @Test(
        "a name says where the image is",
        arguments: [
            Row(
                text: "registry.example.com/team/app:1",
                place: .registry(host: "registry.example.com", name: "team/app"), tag: "1"),
            Row(text: "127.0.0.1:5000/app", place: .registry(host: "127.0.0.1:5000", name: "app")),
            Row(text: "localhost/app:v1.2-rc_3", place: .registry(host: "localhost", name: "app"), tag: "v1.2-rc_3"),
            Row(text: "[::1]:5000/app", place: .registry(host: "[::1]:5000", name: "app")),
            Row(text: "host:443/a__b/c-d--e/f.g", place: .registry(host: "host:443", name: "a__b/c-d--e/f.g")),
            Row(text: "example.com/app@\(digest)", place: .registry(host: "example.com", name: "app"), isPinned: true),
            // The tag is then a comment.
            Row(
                text: "example.com/app:1@\(digest)", place: .registry(host: "example.com", name: "app"), tag: "1",
                isPinned: true),
            Row(text: "oci:/srv/images/app", place: .layout(path: "/srv/images/app")),
            Row(text: "oci:/srv/images/app:1", place: .layout(path: "/srv/images/app"), tag: "1"),
            Row(text: "oci:/srv/a:b/app", place: .layout(path: "/srv/a:b/app")),
            Row(text: "oci:/srv/app@\(digest)", place: .layout(path: "/srv/app"), isPinned: true),
            Row(text: "oci-archive:/srv/app.tar", place: .layoutArchive(path: "/srv/app.tar")),
            Row(text: "oci-archive:/srv/app.tar:1", place: .layoutArchive(path: "/srv/app.tar"), tag: "1"),
            Row(text: "oci-archive:/srv/app@\(digest)", place: .layoutArchive(path: "/srv/app"), isPinned: true),
            Row(text: "docker-archive:/srv/app.tar", place: .archive(path: "/srv/app.tar")),
            Row(text: "docker-archive:/srv/who@home.tar", place: .archive(path: "/srv/who@home.tar")),
            Row(text: "docker-archive:/srv/app.tar@\(digest)", place: .archive(path: "/srv/app.tar"), isPinned: true),
        ])
    func valid(_ row: Row) throws {
        let reference = try ImageReference(parsing: row.text)
        #expect(reference.place == row.place)
        #expect(reference.tag == row.tag)
        #expect(reference.digest == (row.isPinned ? ImageDigest(Self.digest) : nil))
        #expect(reference.description == row.text)
        let digest = try #require(ImageDigest(Self.digest))
        let pinned = try ImageReference(parsing: reference.pinned(to: digest))
        #expect(pinned.place == row.place)
        #expect(pinned.digest == digest)
        #expect(pinned.tag == nil)
    }

    @Test(
        "what is no name of an image is refused with AWS's words",
        arguments: [
            "", "app", "app:1", "team/app:1",  // no registry
            "example.com", "example.com/", "example.com/a//b", "example.com/App", "example.com/app:",
            "example.com/app:-1", "example.com/app:a b", "example.com/a..b", "example.com/a___b", "example.com/-a",
            "example.com/" + String(repeating: "a", count: 256), "example.com/a:" + String(repeating: "a", count: 129),
            "example.com/app@sha256:12", "example.com/app@sha512:\(hexadecimal)\(hexadecimal)",
            "example.com/app@sha256:" + hexadecimal.uppercased(), "example.com/app@latest",
            "host:0/app", "host:65536/app", "host:+80/app", "ho_st:1/app", "a..b/app", "[]:1/app", "[::1/app",
            "user@example.com/app", "https://example.com/app", "example.com/app\n", "example.com/../app",
            "oci:", "oci:relative", "oci:/srv/app:", "docker-archive:", "docker-archive:app.tar",
            "oci-archive:", "oci-archive:app.tar", "oci-archive:/srv/app.tar:",
            "oci:/srv/app@sha256:12",
        ])
    func invalid(_ text: String) throws {
        let error = try #require(throws: ContainerImageError.self) { try ImageReference(parsing: text) }
        #expect(error.code == .badReference)
        #expect(error.message == "Source image \(text.prefix(300)) is not valid. Provide a valid source image.")
    }

    @Test("digests are SHA-256, in lower-case hexadecimal")
    func digests() throws {
        #expect(ImageDigest(Self.digest)?.description == Self.digest)
        for wrong in [
            "", Self.hexadecimal, "sha256:", Self.digest + "0", "sha512:" + Self.hexadecimal,
            "sha256:" + String(repeating: "g", count: 64),
        ] {
            #expect(ImageDigest(wrong) == nil)
        }
    }
}
