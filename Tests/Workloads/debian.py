"""The workloads in Java and JavaScript: packages of Debian's, unpacked and not installed, in the release that runs the tests."""

import pathlib
import subprocess

import packages

HERE = pathlib.Path(__file__).resolve().parent
# The class, Debian's packages, and the jars of them that it is made of.
JAVA = {
    "hikari_h2": ("HikariH2", "libhikaricp-java libh2-java libslf4j-java", "HikariCP h2 slf4j-api slf4j-nop"),
    "jackson_guava": (
        "JacksonGuava",
        "libjackson2-core-java libjackson2-databind-java libjackson2-annotations-java libguava-java libcommons-lang3-java",
        "jackson-core jackson-databind jackson-annotations guava commons-lang3"),
    "log4j": ("Log4j", "liblog4j2-java", "log4j-api log4j-core"),
    "netty_inside": ("NettyInside", "libnetty-java", "netty-common netty-buffer netty-transport netty-codec netty-resolver"),
}
# Debian's packages, and the modules of them.
NODE = {"ws_inside": ("node-ws node-uuid node-lodash", "ws uuid lodash")}


def unpacked(directory, names):
    """A directory with what the packages bring; fetched once."""
    place = directory / "_".join(sorted(names))
    if not place.exists():
        archives = directory / "archives"
        archives.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "--quiet", *names], cwd=archives, check=True, timeout=900, capture_output=True)
        for name in names:
            archive = max(archives.glob(f"{name}_*.deb"), key=lambda path: path.stat().st_mtime)
            subprocess.run(["dpkg-deb", "--extract", archive, place], check=True)
    return place


def java(name, directory):
    """(runtime, handler, zip)"""
    main, wanted, jars = JAVA[name]
    jars = [unpacked(directory, wanted.split()) / f"usr/share/java/{jar}.jar" for jar in jars.split()]
    classes = directory / "classes" / name
    sources = [HERE / "java" / f"{each}.java" for each in ("Workload", main)]
    subprocess.run(
        ["javac", "--release", "17", "-cp", ":".join(map(str, jars)), "-d", classes, *sources], check=True, timeout=300)
    files = {f"lib/{jar.name}": jar.read_bytes() for jar in jars}
    files |= {path.name: path.read_bytes() for path in classes.glob("*.class")}
    return "java17", f"{main}::handle", packages.archive(files)


def node(name, directory):
    """(runtime, handler, zip)"""
    wanted, modules = NODE[name]
    place = unpacked(directory, wanted.split()) / "usr/share/nodejs"
    files = {"function.js": (HERE / "node" / f"{name}.js").read_bytes()}
    for module in modules.split():
        for path in (place / module).rglob("*"):
            if path.is_file():
                files[f"node_modules/{path.relative_to(place)}"] = path.read_bytes()
    return "nodejs20.x", "function.handler", packages.archive(files)
