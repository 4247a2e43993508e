"""localcloud installs into an empty environment and runs from any folder: it declares all that it imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import packages_distributions, version
from pathlib import Path

from packaging.requirements import Requirement

PACKAGE = Path(__file__).resolve().parents[1]
SRC = PACKAGE / "src"
CONFIGURATION = tomllib.loads((PACKAGE / "pyproject.toml").read_text())
PROJECT = CONFIGURATION["project"]
ONLY_THERE = f"""
import sys
sys.path[:] = [path for path in sys.path if path and "site-packages" not in path]
sys.path += [{str(SRC)!r}, {sysconfig.get_path("purelib")!r}]  # without the .pth files: nothing else is installed
"""
EVERY_MODULE = """
import importlib, pkgutil, localcloud
names = [found.name for found in pkgutil.walk_packages(localcloud.__path__, "localcloud.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names))
"""
A_CALL = """
import pathlib
from localcloud.server.composition import compose
from localcloud.server.listening import listening
with listening(compose(pathlib.Path("state"), account="111122223333", region="us-east-1")) as cloud:
    print(cloud.client("sts").get_caller_identity()["Account"], cloud.client("sagemaker").list_endpoints()["Endpoints"])
"""


def requirements(group: str = "") -> list[Requirement]:
    listed = PROJECT["optional-dependencies"][group] if group else PROJECT["dependencies"]
    return [Requirement(text) for text in listed]


def imported(folder: Path) -> set[str]:
    """The distributions that the modules of a folder import from, or look for."""
    names: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module)
        names |= set(re.findall(r'find_spec\("(\w+)"\)', file.read_text()))
    roots = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"localcloud"}
    distributions = packages_distributions()
    return {_normal(distributions[root][0]) if root in distributions else root for root in roots}


def test_every_library_that_is_imported_is_declared_and_no_other() -> None:
    declared = {_normal(each.name) for each in requirements()}
    optional = {_normal(each.name) for group in PROJECT["optional-dependencies"] for each in requirements(group)}
    assert imported(SRC) == declared | optional


def test_what_is_installed_here_is_what_is_declared() -> None:
    """Tests run with pinned versions: an installation elsewhere gets no others than those that it allows."""
    for each in requirements() + requirements("testing"):
        assert each.specifier.contains(version(each.name)), each


def test_all_that_is_no_module_is_declared_as_data() -> None:
    files = {file.relative_to(SRC) for file in SRC.rglob("*") if file.is_file() and "__pycache__" not in file.parts}
    others = {file for file in files if file.suffix != ".py" and not file.parts[0].endswith(".egg-info")}
    declared = CONFIGURATION["tool"]["setuptools"]["package-data"].items()
    assert others == {Path(*package.split("."), name) for package, names in declared for name in names}


def test_every_module_can_be_imported_where_only_its_dependencies_are(tmp_path: Path) -> None:
    assert int(_python(ONLY_THERE + EVERY_MODULE, tmp_path)) > 200


def test_a_cloud_of_any_account_runs_in_a_foreign_folder(tmp_path: Path) -> None:
    assert _python(ONLY_THERE + A_CALL, tmp_path) == "111122223333 []\n"


def _python(code: str, folder: Path) -> str:
    command = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
