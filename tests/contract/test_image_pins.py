"""What runs on this machine is what is inside the image: tag, table and pins move together or not at all."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from pipelines import image

ROOT = Path(__file__).resolve().parents[2]
# AWS's release notes of SageMaker XGBoost, by tag: a new tag needs its own row.
RELEASES = {
    "3.2-0": {
        "python": "3.12",
        "xgboost": "3.2.0",
        "scikit-learn": "1.8.0",
        "numpy": "2.1.0",
        "pandas": "2.2.3",
        "pyarrow": "22.0.0",
    },
}


def pins(file):
    lines = (re.split(r"[#;\\]", line)[0].strip() for line in (ROOT / "requirements" / file).read_text().splitlines())
    return [tuple(line.split("==")) for line in lines if "==" in line]


def test_the_table_is_that_of_the_tag():
    assert RELEASES[image.TAG] == {"python": image.PYTHON, **image.LIBRARIES}


@pytest.mark.parametrize("file", ["scripts.txt", "dev.txt"])
def test_the_pins_are_those_of_the_image(file):
    pinned = {("xgboost" if name == "xgboost-cpu" else name, number) for name, number in pins(file)}
    assert set(image.LIBRARIES.items()) <= pinned
    others = [(name, number) for name, number in pinned if name in image.LIBRARIES and image.LIBRARIES[name] != number]
    assert others == []


def test_scripts_use_nothing_that_is_not_in_the_image():
    names = {"xgboost" if name == "xgboost-cpu" else name for name, _ in pins("scripts.txt")}
    assert names == image.LIBRARIES.keys()


def test_the_linter_reads_the_scripts_as_the_container_s_python():
    setting = f'"scripts/*.py" = "py{image.PYTHON.replace(".", "")}"'
    assert setting in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("library", [name for name in image.LIBRARIES if name != "xgboost"])
def test_what_is_installed_here_is_what_is_pinned(library):
    assert version(library) == image.LIBRARIES[library]


def test_the_installed_xgboost_is_the_image_s():
    import xgboost

    assert re.match(r"\d+\.\d+\.\d+", xgboost.__version__)[0] == image.LIBRARIES["xgboost"]
