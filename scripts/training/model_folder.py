"""Writes the model directory, which SageMaker packs as model.tar.gz: complete, or unchanged."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import atomic_files
from failures import UserError

BUNDLE = Path(__file__).resolve().parents[1]
HANDLER = "inference"  # SageMaker looks for code/inference.py


@contextmanager
def prepare(folder: Path, algorithm: str) -> Iterator[Callable[[dict[str, bytes]], None]]:
    """Checks before training that the directory can be written; the caller publishes the files at the end."""
    draft = folder / f"model{atomic_files.UNFINISHED}"
    try:
        with atomic_files.writing_to(folder):
            _copy_code(draft / "code", algorithm)
        yield lambda files: _publish(folder, draft, files)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _copy_code(code: Path, algorithm: str) -> None:
    """Of the algorithms only the module of the model's own."""
    if not (BUNDLE / f"{HANDLER}.py").is_file():
        raise UserError(f"{HANDLER}.py is missing beside train.py: ship the whole folder of scripts")
    shutil.rmtree(code, ignore_errors=True)  # of a killed run
    code.mkdir(parents=True)
    for module in _with_imports(HANDLER) | _with_imports(algorithm):
        shutil.copyfile(BUNDLE / f"{module}.py", code / f"{module}.py")


def _with_imports(module: str, visited: frozenset[str] = frozenset()) -> frozenset[str]:
    """A module of the bundle and all those that it imports, so that the handler needs no list of its modules."""
    visited |= {module}
    for name in _imports(BUNDLE / f"{module}.py"):
        if name not in visited and (BUNDLE / f"{name}.py").is_file():
            visited = _with_imports(name, visited)
    return visited


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _publish(folder: Path, draft: Path, files: dict[str, bytes]) -> None:
    with atomic_files.writing_to(folder):
        for name, content in files.items():
            (draft / name).write_bytes(content)
        shutil.rmtree(folder / "code", ignore_errors=True)
        for entry in draft.iterdir():
            entry.replace(folder / entry.name)
