"""The project as a package: `pip install -e .` puts its commands on the path; requirements/dev.txt pins everything."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
ROOMS = ("settings", "aws", "pipelines", "release", "codepipeline", "rehearsal")


def requirements(file: str) -> list[str]:
    """The lines of a requirements file, with the files it includes."""
    lines: list[str] = []
    for line in (HERE / "requirements" / file).read_text().splitlines():
        text = line.split("#")[0].strip()
        lines += requirements(text.removeprefix("-r").strip()) if text.startswith("-r") else [text] if text else []
    return lines


setup(
    name="sagemaker-mlops-template",
    version="0.1.0",
    description="From a commit to a canary-deployed SageMaker endpoint, rehearsed whole on a laptop",
    python_requires=">=3.11.4,<3.14",
    packages=find_packages(include=[f"{room}*" for room in ROOMS]),
    install_requires=requirements("project.in"),
)
