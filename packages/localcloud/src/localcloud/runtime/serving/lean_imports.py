"""Imports of a cold start, without scikit-learn.

xgboost imports it only to define XGBClassifier and similar classes, which takes three quarters of a server's start. A
handler whose own code evidently does not use those classes gets an xgboost without them.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

KNOWN = (sys.stdlib_module_names | {"numpy", "pyarrow", "xgboost", "sagemaker_inference"}) - {"pickle", "shelve"}


def is_lean(code: Path) -> bool:
    """Whether the code imports only libraries that do not use scikit-learn, and cannot load its objects indirectly.

    Modules that cannot be found count as known, as nothing can come from them: they are of a training elsewhere.
    """
    files = list(code.rglob("*.py"))
    try:
        nodes = [node for file in files for node in ast.walk(ast.parse(file.read_bytes()))]
    except (SyntaxError, ValueError):
        return False  # the import raises a better error
    own = {part.removesuffix(".py") for file in files for part in file.relative_to(code).parts}
    absent = {name for node in nodes for name in _named(node) if name not in KNOWN | own and not _is_found(name)}
    of_own = {node.func for node in nodes if isinstance(node, ast.Call) and _imports_own(node, own)}
    return all(node in of_own or _is_lean(node, KNOWN | own | absent) for node in nodes)


def _imports_own(call: ast.Call, own: set[str]) -> bool:
    """Of a name whose beginning is written out, and only modules of the folder begin so: import_module(f"x_{name}")."""
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "import_module" and len(call.args) == 1):
        return False
    first = call.args[0].values[0] if isinstance(call.args[0], ast.JoinedStr) and call.args[0].values else None
    if not isinstance(first, ast.Constant) or not any(name.startswith(str(first.value)) for name in own):
        return False
    return not any(module.name.startswith(str(first.value)) and module.name not in own for module in iter_modules())


def _named(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    return [str(node.module).split(".")[0]] if isinstance(node, ast.ImportFrom) and not node.level else []


def _is_found(name: str) -> bool:
    return find_spec(name) is not None


@contextmanager
def without_sklearn() -> Iterator[None]:
    if "sklearn" in sys.modules:
        yield
        return
    sys.modules["sklearn"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["sklearn"]


def _is_lean(node: ast.AST, known: frozenset[str] | set[str]) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return all(name in known for name in _named(node)) and not any(
            alias.name.startswith("XGB") for alias in node.names
        )
    if isinstance(node, ast.Attribute):
        return not node.attr.startswith("XGB") and node.attr not in ("import_module", "__import__")
    return not (isinstance(node, ast.Name) and node.id in ("__import__", "exec", "eval"))
