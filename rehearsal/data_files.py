"""The files of a folder that preprocess reads."""

from __future__ import annotations

from pathlib import Path

from settings.errors import UsageProblem

SUFFIXES = (".csv", ".csv.gz", ".parquet")
QUOTES = '""'  # of an empty word, as a shell shows it


def check_data(data: str) -> None:
    if not data or not Path(data).exists():
        raise UsageProblem(f"--data {data or QUOTES} does not exist: name a folder or file of CSV or Parquet data")
    if not data_files(Path(data)):
        raise UsageProblem(f"--data {data} holds no data files ({', '.join(SUFFIXES)}): name another folder")


def data_files(data: Path) -> list[Path]:
    """A file that is named is taken, whatever its name."""
    if not data.is_dir():
        return [data]
    files = sorted(file for file in data.rglob("*") if file.is_file() and file.name.lower().endswith(SUFFIXES))
    return [file for file in files if not any(part.startswith((".", "_")) for part in file.relative_to(data).parts)]
