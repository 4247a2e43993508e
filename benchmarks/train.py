"""Loading and binning the training rows: the usual way (pandas.read_csv into a DMatrix) against the step's own.

    python -m benchmarks.train [--rows N] [--threads N]

The same seeded rows (8 numeric and 3 categorical columns, missing values) are written as the usual preprocessing writes
them, one-hot without a header, as a CSV of category codes, and as the Parquet of our own preprocess step. Each way runs
in a process of its own with the same number of threads; importing libraries is not timed, memory is the process's peak.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "train.md"
SCRIPTS = Path(__file__).parent.parent / "scripts"
CHUNK = 250_000
LEVELS = (4, 10, 20)
NUMERIC = 8
WAYS = {
    "one-hot": "one-hot CSV → pandas → DMatrix (the usual)",
    "codes": "category codes CSV → pandas → DMatrix",
    "ours": "Parquet → iterator → QuantileDMatrix",
}
MEGABYTE = 1024 if sys.platform != "darwin" else 1024**2  # ru_maxrss counts kilobytes, on macOS bytes


def main(argv: list[str] | None = None) -> int:
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--rows", type=int, default=5_000_000)
    command.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    command.add_argument("--child", choices=WAYS, help=argparse.SUPPRESS)
    command.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = command.parse_args(argv)
    if given.child:
        print(json.dumps(measure(given.child, given.folder, given.threads)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        print(f"writing {given.rows:,} rows", flush=True)
        write_rows(Path(folder), given.rows)
        measured = {}
        for way, title in WAYS.items():
            measured[way] = run_child(way, Path(folder), given.threads)
            print(f"{title}: {measured[way]}", flush=True)
    table = report(given.rows, given.threads, measured)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(table)
    print(table)
    return 0


def write_rows(folder: Path, rows: int) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import csv

    sys.path.insert(0, str(SCRIPTS))
    from features import Column, Features, Target

    numeric = [f"n{i}" for i in range(NUMERIC)]
    categorical = {f"c{i}": tuple(f"level{j}" for j in range(levels)) for i, levels in enumerate(LEVELS)}
    columns = [Column(name, "numeric") for name in numeric]
    columns += [Column(name, "categorical", levels) for name, levels in categorical.items()]
    Features("binary", Target("target", ("no", "yes")), tuple(columns), ("",)).write(folder / "features.json")

    random, writers = np.random.default_rng(7), {}
    for start in range(0, rows, CHUNK):
        size = min(CHUNK, rows - start)
        values = {name: random.normal(size=size).astype(np.float32) for name in numeric}
        codes = {name: random.integers(1, len(levels) + 1, size) for name, levels in categorical.items()}
        signal = values["n0"] + values["n1"] * (codes["c1"] % 3) + random.normal(size=size)
        target = (signal > 1).astype(np.int64)
        gaps = {name: random.random(size) < 0.05 for name in numeric}
        with_gaps = {name: np.where(gaps[name], np.float32(np.nan), column) for name, column in values.items()}
        imputed = {name: np.where(gaps[name], 0.0, column.astype(np.float64)) for name, column in values.items()}
        one_hot = {
            f"{n}={j}": (codes[n] == j).astype(np.int64) for n in codes for j in range(1, len(categorical[n]) + 1)
        }
        empty = {name: pa.array(column, from_pandas=True) for name, column in with_gaps.items()}
        floats = {name: column.astype(np.float32) for name, column in {**codes, "target": target}.items()}
        for kind, table in {
            "one-hot.csv": pa.table({"target": target, **imputed, **one_hot}),
            "codes.csv": pa.table({"target": target, **empty, **codes}),
            "data.parquet": pa.table({**with_gaps, **floats}),
        }.items():
            if kind not in writers:
                plain = csv.WriteOptions(include_header=False)
                writers[kind] = (
                    pq.ParquetWriter(folder / kind, table.schema)
                    if kind == "data.parquet"
                    else csv.CSVWriter(folder / kind, table.schema, write_options=plain)
                )
            writers[kind].write_table(table)
    for writer in writers.values():
        writer.close()


def run_child(way: str, folder: Path, threads: int) -> dict[str, float]:
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "SM_NUM_CPUS": str(threads)}
    command = [sys.executable, __file__, "--child", way, "--folder", str(folder), "--threads", str(threads)]
    finished = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(finished.stdout)
    return result


def measure(way: str, folder: Path, threads: int) -> dict[str, float]:
    import pandas as pd
    import xgboost as xgb

    sys.path.insert(0, str(SCRIPTS))
    from encoded import open_side
    from features import Features

    def usual(file: str) -> Any:
        frame = pd.read_csv(folder / file, header=None)
        return xgb.DMatrix(frame.iloc[:, 1:], label=frame.iloc[:, 0], nthread=threads)

    def ours() -> Any:
        side = open_side("train", folder, Features.read(folder / "features.json"))
        return side.quantiles(256, threads, None, lambda: None)

    load: dict[str, Callable[[], Any]] = {
        "one-hot": lambda: usual("one-hot.csv"),
        "codes": lambda: usual("codes.csv"),
        "ours": ours,
    }
    start, worked = time.perf_counter(), time.process_time()
    matrix = load[way]()
    loaded = {
        "load": time.perf_counter() - start,
        "load_cpu": time.process_time() - worked,
        "load_peak": peak_megabytes(),
    }
    parameters = {"objective": "binary:logistic", "tree_method": "hist", "nthread": threads}
    xgb.Booster(parameters, [matrix]).update(matrix, 0)
    return loaded | {"first_round": time.perf_counter() - start, "peak": peak_megabytes()}


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE


def report(rows: int, threads: int, measured: dict[str, dict[str, float]]) -> str:
    import xgboost

    ours, lines = measured["ours"], []
    for way, title in WAYS.items():
        of = measured[way]
        cells = [title, *(f"{of[name]:,.1f} s" for name in ("load", "load_cpu", "first_round"))]
        cells += [f"{of[name]:,.0f} MB" for name in ("load_peak", "peak")]
        cells += [f"{of[name] / ours[name]:.1f}×" for name in ("load", "load_peak")]
        lines.append(f"| {' | '.join(cells)} |")
    columns = NUMERIC + sum(LEVELS)
    return "\n".join(
        [
            "# Training: loading and binning",
            "",
            f"{rows:,} rows, {NUMERIC} numeric and {len(LEVELS)} categorical columns ({columns} columns one-hot), "
            f"{threads} threads, Python {platform.python_version()}, XGBoost {xgboost.__version__}.",
            "A loaded DMatrix is not binned yet, a QuantileDMatrix is: hence also the time until the first round is done.",
            "",
            "| way | load | CPU of it | until round 1 | peak memory of load | until round 1 | time × ours | memory × ours |",
            "|---|---|---|---|---|---|---|---|",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
