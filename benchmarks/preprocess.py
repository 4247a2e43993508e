"""Measures the preprocess step against a usual script: pandas, ColumnTransformer and to_csv on the same file.

    python benchmarks/preprocess.py [--rows N]

The rows are example customers: 8 numeric and 3 categorical columns with missing values, and the target. Each way runs
in a process of its own, imports included, and writes three sides; memory is the process's peak. The step also runs on
a tenth of the rows, to show how its memory grows; of its runs the quickest counts.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

RESULTS = ROOT / "benchmarks" / "results" / "preprocess.md"
NUMERIC = (
    "age",
    "tenure_months",
    "monthly_charge",
    "data_usage_gb",
    "call_minutes",
    "support_calls",
    "dropped_calls",
    "days_since_contact",
)
CATEGORICAL = ("plan", "contract", "payment")
TARGET = "churned"
DATA = [
    "--format=csv",
    "--delimiter=,",
    "--decimal=auto",
    "--dates=auto",
    "--split=key",
    "--missing",
    "auto",
    "--validation-fraction=0.15",
    "--test-fraction=0.15",
]
DATA += ["--max-rejected-fraction=0.01", "--rare-level-rows=20", "--max-levels=500"]
# The step takes seconds and the usual way minutes: load on the machine would affect them differently.
ORDER = ("tenth", "ours", "usual", "ours", "ours", "tenth")
MEGABYTE = 1024 if sys.platform != "darwin" else 1024**2  # ru_maxrss counts kilobytes, on macOS bytes
USUAL = f"""
import sys
from pathlib import Path
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

file, out = Path(sys.argv[1]), Path(sys.argv[2])
rows = pd.read_csv(file)
target = (rows.pop("{TARGET}") == "yes").astype(float)
train, rest, train_y, rest_y = train_test_split(rows, target, test_size=0.3, random_state=7)
validation, test, validation_y, test_y = train_test_split(rest, rest_y, test_size=0.5, random_state=7)
number = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
text = Pipeline([("fill", SimpleImputer(strategy="constant", fill_value="missing")),
                 ("code", OneHotEncoder(handle_unknown="ignore", sparse_output=False))])
fitted = ColumnTransformer([("number", number, {list(NUMERIC)}), ("text", text, {list(CATEGORICAL)})]).fit(train)
for name, side, side_y in (("train", train, train_y), ("validation", validation, validation_y), ("test", test, test_y)):
    (out / name).mkdir(parents=True)
    encoded = np.column_stack([side_y, fitted.transform(side)])
    pd.DataFrame(encoded).to_csv(out / name / "data.csv", header=False, index=False)
"""


@dataclass(frozen=True)
class Cost:
    seconds: float
    cpu_seconds: float
    megabytes: float


def main(argv: list[str] | None = None) -> int:
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--rows", type=int, default=5_000_000, metavar="N")
    rows = command.parse_args(argv).rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part, count in (("all", rows), ("tenth", rows // 10)):
            print(f"writing {count:,} rows", flush=True)
            write_rows(folder / part / "rows.csv", count)
        costs: dict[str, Cost] = {}
        for way in ORDER:
            cost = measure(commands(folder)[way])
            costs[way] = min(cost, costs.get(way, cost), key=lambda one: one.seconds)
            print(f"{way}: {cost}", flush=True)
    table = report(rows, costs)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(table)
    print(table)
    return 0


def write_rows(file: Path, rows: int) -> None:
    from pyarrow import csv

    from pipelines.example_churn import chunks

    file.parent.mkdir()
    writer = None
    for table, _ in chunks(0, rows, seed=7):
        selected = table.select([*NUMERIC, *CATEGORICAL, TARGET])
        writer = writer or csv.CSVWriter(file, selected.schema, write_options=csv.WriteOptions(quoting_style="none"))
        writer.write_table(selected)
    assert writer is not None
    writer.close()


def commands(folder: Path) -> dict[str, list[str]]:
    usual = [sys.executable, "-c", USUAL, str(folder / "all" / "rows.csv"), str(folder / "usual")]
    return {"tenth": step(folder, "tenth"), "ours": step(folder, "all"), "usual": usual}


def step(folder: Path, part: str) -> list[str]:
    outputs = ("train", "validation", "test", "features", "baseline", "rejects", "message")
    paths = [f"--{name}={folder / f'ours-{part}' / name}" for name in outputs]
    script = str(ROOT / "scripts" / "preprocess.py")
    return [sys.executable, script, f"--input={folder / part}", *paths, f"--target={TARGET}", "--problem=binary", *DATA]


def measure(line: list[str]) -> Cost:
    """Of the child itself: wall time, processor time of all its threads, peak memory."""
    started = time.perf_counter()
    child = subprocess.Popen(line, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"{line[1]} failed with status {os.waitstatus_to_exitcode(status)}")
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / MEGABYTE)


def report(rows: int, costs: dict[str, Cost]) -> str:
    usual, ours, tenth = costs["usual"], costs["ours"], costs["tenth"]
    titles = {
        "usual": "pandas + ColumnTransformer + to_csv",
        "ours": "scripts/preprocess.py",
        "tenth": f"scripts/preprocess.py, {rows // 10:,} rows",
    }
    lines = [
        f"# Preprocess: {rows:,} rows, {len(NUMERIC)} numeric and {len(CATEGORICAL)} categorical columns",
        "",
        f"`python benchmarks/preprocess.py --rows {rows}`, {os.cpu_count()} cores, Python {platform.python_version()}. "
        "The usual way ran once, the step several times, of which the quickest counts.",
        "",
        "| way | seconds | processor seconds | peak memory, MB | faster |",
        "|---|---|---|---|---|",
    ]
    for way, title in titles.items():
        cost = costs[way]
        faster = "" if way == "tenth" else f"{usual.seconds / cost.seconds:.1f}×"
        lines.append(f"| {title} | {cost.seconds:.1f} | {cost.cpu_seconds:.1f} | {cost.megabytes:,.0f} | {faster} |")
    lines += [
        "",
        f"Processor time: {usual.cpu_seconds / ours.cpu_seconds:.1f}× less. "
        f"Peak memory: {usual.megabytes / ours.megabytes:.1f}× less, and {ours.megabytes / tenth.megabytes:.2f}× "
        "that of a tenth of the rows.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
