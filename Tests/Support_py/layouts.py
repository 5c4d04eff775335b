"""Container images without an engine: OCI layouts on disk, as image-spec describes them."""

import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIGURATION = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
INDEX = "application/vnd.oci.image.index.v1+json"


def layer(files):
    """A layer, compressed, with `{path: content}`; a content is bytes, a text, a path of this host, or None for a directory."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            if isinstance(content, pathlib.Path):
                archive.add(content.resolve(), name, filter=_plain)
                continue
            entry = tarfile.TarInfo(name.lstrip("/"))
            entry.mode = 0o755
            if content is None:
                entry.type = tarfile.DIRTYPE
                archive.addfile(entry)
                continue
            content = content.encode() if isinstance(content, str) else content
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), 1, mtime=0)


def _plain(entry):
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return None if "__pycache__" in entry.name else entry


def write(directory, layers, tag="latest", **config):
    """Adds an image to a layout, which is made if it is not there; gives its digest. `config` is the image's own: `Entrypoint`,
    `Cmd`, `Env`, `WorkingDir`, `User`, `Labels`."""
    directory = pathlib.Path(directory)
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def blob(content, kind):
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}

    described = [blob(each, LAYER) for each in layers]
    configuration = {
        "architecture": "amd64", "os": "linux", "config": config,
        "rootfs": {
            "type": "layers",
            "diff_ids": ["sha256:" + hashlib.sha256(gzip.decompress(each)).hexdigest() for each in layers],
        },
    }  # fmt: skip
    manifest = {
        "schemaVersion": 2, "mediaType": MANIFEST, "layers": described,
        "config": blob(json.dumps(configuration).encode(), CONFIGURATION),
    }  # fmt: skip
    entry = blob(json.dumps(manifest).encode(), MANIFEST)
    entry["annotations"] = {"org.opencontainers.image.ref.name": tag}
    index = directory / "index.json"
    others = json.loads(index.read_text())["manifests"] if index.exists() else []
    kept = [each for each in others if each["annotations"]["org.opencontainers.image.ref.name"] != tag]
    index.write_text(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [*kept, entry]}))
    (directory / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    return entry["digest"]


def program(path):
    """The files that a program of this host needs: itself, and the libraries that it and they are linked with."""
    told = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
    names = {os.fspath(path), *re.findall(r"(/\S+) \(0x", told)}
    return {name: pathlib.Path(name) for name in sorted(names)}


def python(modules):
    """This host's own Python with its standard library, and the given files and folders for modules beside it."""
    executable = os.path.realpath("/usr/bin/python3")
    version = pathlib.Path(executable).name
    library = pathlib.Path("/usr/lib") / version
    files = program(executable)
    left_out = {"test", "idlelib", "lib2to3", "pydoc_data", "ensurepip"}
    needed = [path for path in library.iterdir() if path.name not in left_out and not path.name.startswith("config-")]
    files |= {os.fspath(path): path for path in needed}
    for extension in (library / "lib-dynload").glob("*.so"):
        files |= program(extension)
    for module in modules:
        if module.suffix == ".so":
            files |= {name: path for name, path in program(module).items() if path != module}
        files[f"/usr/local/lib/{version}/dist-packages/{module.name}"] = module
    files["/usr/bin/python3"] = files.pop(executable)
    return files
