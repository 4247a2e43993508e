"""docs/bring-your-own-model.md names every file that imports XGBoost: its algorithm and what only that uses."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("aws", "codepipeline", "pipelines", "rehearsal", "release", "scripts", "settings")


def imports_xgboost(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import) and any(name.name.partition(".")[0] == "xgboost" for name in node.names):
            return True
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "xgboost":
            return True
    return False


def test_the_page_names_exactly_the_files_that_import_xgboost():
    page = (ROOT / "docs/bring-your-own-model.md").read_text()
    section = page.partition("XGBoost itself is imported by")[2].partition("\n\n")[0]
    named = re.findall(r"`(\S+\.py)`", section)
    files = (file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
    assert sorted(named) == sorted(str(file.relative_to(ROOT)) for file in files if imports_xgboost(file))
