"""Imports of a cold start, without scikit-learn.

xgboost imports it only to define XGBClassifier and similar classes, which takes three quarters of a server's start. A
handler whose own code evidently does not use those classes gets an xgboost without them.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KNOWN = (sys.stdlib_module_names | {"numpy", "pyarrow", "xgboost", "sagemaker_inference"}) - {"pickle", "shelve"}


def is_lean(code: Path) -> bool:
    """Whether the code imports only libraries that do not use scikit-learn, and cannot load its objects indirectly."""
    files = list(code.rglob("*.py"))
    try:
        nodes = [node for file in files for node in ast.walk(ast.parse(file.read_bytes()))]
    except (SyntaxError, ValueError):
        return False  # the import raises a better error
    own = {part.removesuffix(".py") for file in files for part in file.relative_to(code).parts}
    return all(_is_lean(node, KNOWN | own) for node in nodes)


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
    if isinstance(node, ast.Import):
        return all(alias.name.split(".")[0] in known for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        named = node.level > 0 or str(node.module).split(".")[0] in known
        return named and not any(alias.name.startswith("XGB") for alias in node.names)
    if isinstance(node, ast.Attribute):
        return not node.attr.startswith("XGB") and node.attr not in ("import_module", "__import__")
    return not (isinstance(node, ast.Name) and node.id in ("__import__", "exec", "eval"))
