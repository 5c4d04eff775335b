"""What the package consists of, before it is installed anywhere."""
import re
import subprocess

import pytest

from conftest import TOP, field

# Everything else is in a folder of ours.
EXPECTED = {
    "/etc/thaw/thaw.conf",
    "/usr/bin/thaw",
    "/usr/lib/systemd/system/thaw.service",
    "/usr/share/bash-completion/completions/thaw",
    "/usr/share/fish/vendor_completions.d/thaw.fish",
    "/usr/share/lintian/overrides/thaw",
    "/usr/share/man/man1/thaw-serve.1.gz",
    "/usr/share/man/man1/thaw.1.gz",
    "/usr/share/man/man5/thaw.conf.5.gz",
    "/usr/share/zsh/vendor-completions/_thaw",
}
FOLDERS = ("/usr/lib/thaw/", "/usr/share/doc/thaw/", "/usr/share/man/man1/thaw-")


@pytest.fixture(scope="module")
def tree(package, tmp_path_factory):
    directory = tmp_path_factory.mktemp("tree")
    subprocess.run(["dpkg-deb", "--raw-extract", package, directory], check=True)
    return directory


def test_files_are_where_they_belong(tree):
    paths = {f"/{path.relative_to(tree)}" for path in tree.rglob("*") if not path.is_dir()}
    files = {path for path in paths if not path.startswith("/DEBIAN/")}
    assert EXPECTED <= files
    assert {path for path in files - EXPECTED if not path.startswith(FOLDERS)} == set()
    assert {
        "/usr/lib/thaw/guest/ThawGuest", "/usr/lib/thaw/restorer", "/usr/lib/thaw/workshop", "/usr/share/doc/thaw/copyright",
    } <= files  # fmt: skip


def test_it_takes_at_most_120_megabytes(package, tree):
    assert int(field(package, "Installed-Size")) <= 120 * 1024
    assert sum(path.stat().st_size for path in tree.rglob("*") if path.is_file()) <= 120 << 20


def linkage(program):
    return subprocess.run(["readelf", "--dynamic", program], capture_output=True, text=True, check=True).stdout


def test_the_command_is_linked_with_debians_libraries_only(tree):
    for name in ("usr/bin/thaw", "usr/lib/thaw/workshop"):
        assert not re.search("RPATH|RUNPATH|swift|Foundation", linkage(tree / name)), name


def test_the_package_depends_on_what_its_other_program_is_linked_with(tree):
    needed = [set(re.findall(r"NEEDED.*\[(.*)\]", linkage(tree / name))) for name in ("usr/lib/thaw/workshop", "usr/bin/thaw")]
    assert needed[0] <= needed[1]


def test_the_command_has_no_laboratory(tree):
    # A binary without symbols still has the names of its types.
    command = (tree / "usr/bin/thaw").read_bytes()
    assert b"Hummingbird" in command
    assert b"ThawLab" not in command
    # Queues, topics, code in S3, registries and Firecracker are asked by AsyncHTTPClient, which brings BoringSSL.
    assert len(command) <= 100_000_000


def test_lintian_finds_no_error(package):
    checked = subprocess.run(
        ["lintian", "--fail-on", "error,warning", "--tag-display-limit", "0", package], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_everything_linked_in_has_its_licence(tree):
    text = (tree / "usr/share/doc/thaw/copyright").read_text()
    for checkout in (TOP / ".build/checkouts").iterdir():
        assert re.search(rf"^{re.escape(checkout.name)} \d", text, re.MULTILINE), checkout.name
    assert "Apache License\n" not in text, "Debian has the text of that one: name it, do not repeat it"


def test_the_configuration_shows_every_option_of_serve_and_sets_none(tree):
    lines = (tree / "etc/thaw/thaw.conf").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
    shown = {match[1] for line in lines if (match := re.match(r"#([a-z0-9-]+) = \S", line))}
    usage = subprocess.run([tree / "usr/bin/thaw", "serve", "--help"], capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"^ +(?:-\w, )?--([a-z0-9-]+)", usage, re.MULTILINE))
    inversions = {f"no-{name}" for name in options}
    assert shown == options - inversions - {"config", "help", "version"}
    assert {"state-dir", "port", "slots", "keep-slots"} <= shown


def test_every_default_that_the_configuration_shows_is_taken(tree, tmp_path):
    text = re.sub(r"^#(?=[a-z0-9-]+ = [^<])", "", (tree / "etc/thaw/thaw.conf").read_text(), flags=re.MULTILINE)
    (tmp_path / "thaw.conf").write_text(text)
    command = [tree / "usr/bin/thaw", "image", "list", "--config", tmp_path / "thaw.conf", "--state-dir", tmp_path]
    listed = subprocess.run(command, capture_output=True, text=True)
    assert (listed.returncode, listed.stderr) == (0, "")


def test_the_pages_of_the_manual_are_well_formed(tree):
    for page in sorted(tree.glob("usr/share/man/man*/*.gz")):
        shown = subprocess.run(["man", "--warnings", "--local-file", page], capture_output=True, text=True)
        assert (shown.returncode, shown.stderr) == (0, ""), page.name


def test_the_same_tree_gives_the_same_package(package):
    first = package.read_bytes()
    subprocess.run([TOP / "packaging/package"], cwd=TOP, check=True, capture_output=True)
    assert package.read_bytes() == first
