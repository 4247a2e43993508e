"""tests/unit mirrors the rooms: the tests of <room>/<folder>/<module>.py are in tests/unit/<room>/<folder>/."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "tests/unit"
FILES = sorted(str(file.relative_to(UNIT)) for file in UNIT.rglob("test_*.py"))


def counterpart(file):
    """``test_run_journey.py`` holds tests of run.py: a module may have several files, ``test_<module>_<aspect>.py``."""
    folder, words = ROOT / Path(file).parent, Path(file).stem.removeprefix("test_").split("_")
    names = ["_".join(words[:end]) for end in range(len(words), 0, -1)]
    return next((name for name in names if (folder / f"{name}.py").is_file() or (folder / name).is_dir()), None)


@pytest.mark.parametrize("file", FILES)
def test_a_test_file_has_a_counterpart(file):
    assert counterpart(file)


def test_a_file_without_a_counterpart_would_be_seen():
    assert counterpart("pipelines/test_no_such_module.py") is None
    assert counterpart("pipelines/no_such_folder/test_run.py") is None
    assert counterpart("pipelines/test_run_journey.py") == "run"
