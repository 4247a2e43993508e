from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codepipeline.stacks import TEMPLATES
from tests.templates import read


@pytest.fixture(scope="session")
def template() -> Callable[[str], dict[str, Any]]:
    """``template("pipelines")``"""
    return read


@pytest.fixture(scope="session")
def templates() -> list[Path]:
    return sorted(TEMPLATES.glob("*.yml"))
