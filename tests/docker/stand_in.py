"""python tests/docker/stand_in.py: makes a stand-in for the SageMaker XGBoost image and prints its tag.

It is made of this machine's Python without a registry: the interpreter, the libraries of requirements/scripts.txt, a
shell, and what these load. Elsewhere than on Linux it is built from the Dockerfile beside this file.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "requirements/scripts.txt"
RUNTIME = ROOT / "packages/localcloud/src/localcloud/runtime"
MODEL_SERVER = RUNTIME / "serving", RUNTIME / "package_indexes.py"  # and what it imports
SERVE = ROOT / "packages/localcloud/tests/docker/serve.py"
NAME = "sagemaker-xgboost-stand-in"
PROGRAMS = ["sh", "bash", "cat", "chmod", "chown", "cp", "env", "id", "ls", "mkdir", "mv", "rm", "sleep", "true"]
PYTHON = f"python3.{sys.version_info.minor}"
LIBRARIES = f"usr/local/lib/{PYTHON}"
USELESS = {"__pycache__", "site-packages", "dist-packages", "test", "idlelib", "tkinter", "ensurepip"}
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "usr/local/bin/pip3": '#!/bin/sh\nexec python3 -m pip "$@"\n',  # the SDK's driver looks for it
    "usr/local/bin/train": '#!/bin/sh\necho "the image\'s own entrypoint: train"\necho model > /opt/ml/model/weights\n',
}


def image() -> str:
    """Its tag; it is made once for each content."""
    tag = f"{NAME}:{_digest()}"
    if not _docker("image", "inspect", tag).returncode:
        return tag
    for outdated in _docker("images", "--quiet", NAME).stdout.split():
        _docker("rmi", "--force", outdated)
    if sys.platform == "linux":
        _import(tag)
    else:
        built = _docker("build", "--file", str(ROOT / "tests/docker/Dockerfile"), "--tag", tag, str(ROOT))
        assert built.returncode == 0, built.stderr
    return tag


def _digest() -> str:
    code = [file for path in MODEL_SERVER for file in sorted(path.glob("*.py")) or [path]]
    files = [Path(__file__), SERVE, PINS, Path(__file__).with_name("Dockerfile"), *code]
    content = b"".join(file.read_bytes() for file in files) + sys.version.encode()
    return hashlib.sha256(content).hexdigest()[:12]


def _docker(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *words], capture_output=True, text=True, timeout=900, check=False)


def _import(tag: str) -> None:
    changes = ["--change", "ENV PATH=/usr/local/bin:/usr/bin:/bin", "--change", "WORKDIR /"]
    command = ["docker", "import", *changes, "-", tag]
    with tempfile.TemporaryDirectory() as folder:
        _install(Path(folder))
        with (
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child,
            tarfile.open(mode="w|", fileobj=child.stdin, dereference=True) as tar,
        ):
            _add_root(tar, Path(folder))
    assert child.returncode == 0, "docker import failed"


def _install(folder: Path) -> None:
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    words = [uv, "pip", "install", "--quiet", "--python", sys.executable, "--target", str(folder)]
    subprocess.run([*words, "pip", "--requirements", str(PINS)], check=True)


def _add_root(tar: tarfile.TarFile, packages: Path) -> None:
    library = Path(sysconfig.get_path("stdlib"))
    interpreter = Path(sys.executable).resolve()
    programs = [Path(found) for name in PROGRAMS if (found := shutil.which(name))]
    tar.add(interpreter, "usr/local/bin/python3", filter=_as_root)
    tar.add(library, LIBRARIES, filter=_without_useless)
    tar.add(packages, f"{LIBRARIES}/site-packages", filter=_as_root)
    tar.add(SERVE, "usr/local/bin/serve", filter=_as_root)
    for path in MODEL_SERVER:
        tar.add(path, f"{LIBRARIES}/site-packages/localcloud/runtime/{path.name}", filter=_without_useless)
    for program in programs:
        tar.add(program.resolve(), f"bin/{program.name}", filter=_as_root)
    binaries = [interpreter, *(program.resolve() for program in programs), *library.glob("lib-dynload/*.so")]
    for path in _loaded([*binaries, *packages.rglob("*.so*")], packages):
        tar.add(path, path, filter=_as_root)
    for name, content in FILES.items():
        _add(tar, name, content.encode())
    for name, target in {"python": "python3", PYTHON: "python3"}.items():
        _add(tar, f"usr/local/bin/{name}", target=target)
    _add(tar, f"{LIBRARIES}/dist-packages", target="site-packages")  # where Debian's Python looks
    _add(tar, "tmp", folder=True)


def _loaded(binaries: Iterable[Path], packages: Path) -> list[str]:
    """The shared libraries of this machine that they need, and the loader."""
    done = subprocess.run(["ldd", *map(str, binaries)], capture_output=True, text=True, check=False)
    paths = re.findall(r"(?:=> |^\s+)(/\S+) \(0x", done.stdout, re.MULTILINE)
    return sorted({path for path in paths if not path.startswith(str(packages))})


def _as_root(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


def _without_useless(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if Path(info.name).name in USELESS else _as_root(info)


def _add(tar: tarfile.TarFile, name: str, content: bytes = b"", target: str = "", *, folder: bool = False) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.linkname = len(content), 0o1777 if folder else 0o755, target
    info.type = tarfile.DIRTYPE if folder else tarfile.SYMTYPE if target else tarfile.REGTYPE
    tar.addfile(info, io.BytesIO(content))


if __name__ == "__main__":
    print(image())
