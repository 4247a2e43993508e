"""The model directory, which SageMaker packs as model.tar.gz: complete, or as it was before."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import atomic
from failures import Refused

BUNDLE = Path(__file__).resolve().parents[1]
HANDLER = "inference"  # SageMaker looks for code/inference.py


@contextmanager
def prepared(folder: Path) -> Iterator[Callable[[dict[str, bytes]], None]]:
    """Find out before training that the directory can be written; the caller publishes the files at the end."""
    draft = folder / f"model{atomic.UNFINISHED}"
    try:
        with atomic.writing_to(folder):
            _copy_code(draft / "code")
        yield lambda files: _publish(folder, draft, files)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _copy_code(code: Path) -> None:
    if not (BUNDLE / f"{HANDLER}.py").is_file():
        raise Refused(f"{HANDLER}.py is missing beside train.py: ship the whole folder of scripts")
    shutil.rmtree(code, ignore_errors=True)  # of a run that was killed
    code.mkdir(parents=True)
    for module in _with_imports(HANDLER):
        shutil.copyfile(BUNDLE / f"{module}.py", code / f"{module}.py")


def _with_imports(module: str, found: frozenset[str] = frozenset()) -> frozenset[str]:
    """A module of the bundle and all those it imports: the handler may be split without anyone keeping a list."""
    found |= {module}
    for name in _imported(BUNDLE / f"{module}.py"):
        if name not in found and (BUNDLE / f"{name}.py").is_file():
            found = _with_imports(name, found)
    return found


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _publish(folder: Path, draft: Path, files: dict[str, bytes]) -> None:
    with atomic.writing_to(folder):
        for name, content in files.items():
            (draft / name).write_bytes(content)
        shutil.rmtree(folder / "code", ignore_errors=True)
        for entry in draft.iterdir():
            entry.replace(folder / entry.name)
