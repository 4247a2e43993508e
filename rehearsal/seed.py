"""What an account is to have before the first command, as the settings of the environment "local" want it.

Found out by a process of its own, while the server starts: what it takes to check settings and to make example data
never gets into the server's memory. The answer is kept for as long as the files that it follows from are the same.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from localcloud.core.errors import Problem
from localcloud.core.state_dir import CHECKOUT, CONFIG

MAKERS = ("pipelines/example_data.py", "pipelines/example_churn.py")
SETTINGS = ("settings/*.py", "rehearsal/seed.py")
ROWS = 20_000
EXAMPLE = "churned"  # the example's target
SECONDS = 60.0  # a few would be many


@dataclass(frozen=True)
class Wanted:
    region: str
    bucket: str
    data_bucket: str
    data_prefix: str
    example: str  # a file; "": the data is somebody's own
    role_arn: str
    connection_arn: str


def wanted(kept: Path) -> Wanted:
    """``kept`` is a folder for example data, which takes half a second to make."""
    from settings.loader import load

    settings = load("local")
    bucket, _, prefix = settings.data_uri.removeprefix("s3://").partition("/")
    return Wanted(
        region=settings.aws.region,
        bucket=settings.bucket,
        data_bucket=bucket,
        data_prefix=prefix,
        example=str(example(kept)) if settings.data.target == EXAMPLE else "",
        role_arn=settings.role_arn,
        connection_arn=settings.delivery.connection_arn,
    )


def example(kept: Path) -> Path:
    """Made once, and again when what makes it has changed."""
    file = kept / f"churn-{ROWS}-{_hash(MAKERS)}.csv"
    if not file.is_file():
        from pipelines import example_data

        example_data.write(file, ROWS)
    return file


class Question:
    """Asked from its making on; with a file that tells the answer no process has to be started."""

    def __init__(self, kept: Path) -> None:
        self._known = _remembered(kept)
        self._process = None if self._known else _process(kept)

    def answer(self) -> Wanted:
        if self._known:
            return self._known
        assert self._process  # noqa: S101 - one of the two
        try:
            told, why = self._process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise Problem(f"the settings were not read within {SECONDS:g} s") from None
        if self._process.returncode:
            raise Problem(why.strip() or f"reading the settings ended with exit code {self._process.returncode}")
        self._known = Wanted(**json.loads(told))
        return self._known

    def close(self) -> None:
        if self._process:
            self._process.kill()
            with self._process:  # waits for it, and closes its pipes
                pass


def _process(kept: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "rehearsal.seed", str(kept.absolute())],
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _remembered(kept: Path) -> Wanted | None:
    try:
        known = Wanted(**json.loads(_file(kept).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return known if not known.example or Path(known.example).is_file() else None


def _remember(kept: Path, found: Wanted) -> None:
    for old in kept.glob("wanted-*.json"):
        old.unlink(missing_ok=True)
    kept.mkdir(parents=True, exist_ok=True)
    _file(kept).write_text(json.dumps(asdict(found)))


def _file(kept: Path) -> Path:
    return kept / f"wanted-{_hash((*SETTINGS, *MAKERS), sorted(CONFIG.glob('*.toml')))}.json"


def _hash(patterns: Iterable[str], settings: Iterable[Path] = ()) -> str:
    """Of files of this checkout."""
    files = [*settings, *(file for pattern in patterns for file in sorted(CHECKOUT.glob(pattern)))]
    return hashlib.sha256(b"".join(b"%s\n" % file.read_bytes() for file in files)).hexdigest()[:10]


def main(kept: str) -> int:
    from settings.errors import Problem as SettingsProblem

    try:
        found = wanted(Path(kept))
        _remember(Path(kept), found)
    except (SettingsProblem, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    print(json.dumps(asdict(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
