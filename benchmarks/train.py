"""Measures loading and binning of training rows: the usual way (pandas.read_csv, DMatrix) against that of the step.

    python -m benchmarks.train [--rows N] [--threads N] [--turns N]

The same seeded rows (8 numeric and 3 categorical columns, missing values) are written as the usual preprocessing writes
them, one-hot without a header, as a CSV of category codes, and as the Parquet of the preprocess step. Each way runs
in processes of its own with the same number of threads; importing libraries is not timed, memory is the process's peak.
The ways take turns, and the fastest turn of each counts: the machine may have other work.
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
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "train.md"
SCRIPTS = Path(__file__).parent.parent / "scripts"
CHUNK = 250_000
NUMERIC = [f"n{number}" for number in range(8)]
CATEGORICAL = {f"c{levels}": levels for levels in (4, 10, 20)}
MEGABYTE = 1024**2 if sys.platform == "darwin" else 1024  # ru_maxrss counts kilobytes, on macOS bytes
WAYS = {
    "one-hot": "one-hot CSV → pandas → DMatrix (the usual)",
    "codes": "category codes CSV → pandas → DMatrix",
    "ours": "Parquet → iterator → QuantileDMatrix",
}


def main(argv: list[str] | None = None) -> int:
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--rows", type=int, default=5_000_000)
    command.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    command.add_argument("--turns", type=int, default=3)
    command.add_argument("--child", choices=WAYS, help=argparse.SUPPRESS)
    command.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = command.parse_args(argv)
    sys.path.insert(0, str(SCRIPTS))
    if options.child:
        print(json.dumps(measure(options.child, options.folder, options.threads)))
    else:
        compare(options.rows, options.threads, options.turns)
    return 0


def compare(rows: int, threads: int, turns: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(f"writing {rows:,} rows in three formats", flush=True)
        write_rows(Path(folder), rows)
        measured: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for way in [*WAYS] * turns:
            last = run_child(way, Path(folder), threads)
            measured[way].append(last)
            print(f"{WAYS[way]}: {last['load']:.1f} s, {last['load_peak']:,.0f} MB", flush=True)
    fastest = {way: min(results, key=lambda result: result["load"]) for way, results in measured.items()}
    table = report(rows, threads, fastest)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(table)
    print(table)


# --- the rows ---


def write_rows(folder: Path, rows: int) -> None:
    import pyarrow.parquet as pq
    from pyarrow import csv

    from features import Column, Features, Target

    columns = [Column(name, "numeric") for name in NUMERIC]
    columns += [Column(n, "categorical", tuple(map(str, range(1, levels + 1)))) for n, levels in CATEGORICAL.items()]
    Features("binary", Target("target", ("no", "yes")), tuple(columns), ("",)).write(folder / "features.json")
    plain = csv.WriteOptions(include_header=False)
    with ExitStack() as files:
        writers: dict[str, Any] = {}
        for tables in chunks(rows):
            for name, table in tables.items():
                if name not in writers:
                    path, schema = folder / name, table.schema
                    csv_file = name.endswith(".csv")
                    opened = (
                        csv.CSVWriter(path, schema, write_options=plain) if csv_file else pq.ParquetWriter(path, schema)
                    )
                    writers[name] = files.enter_context(opened)
                writers[name].write_table(table)


def chunks(rows: int) -> Iterator[dict[str, Any]]:
    """The same rows three times: imputed and one-hot, with gaps and codes, and as preprocess encodes them."""
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(7)
    for start in range(0, rows, CHUNK):
        size = min(CHUNK, rows - start)
        values = {name: random.normal(size=size).astype(np.float32) for name in NUMERIC}
        codes = {name: random.integers(1, levels + 1, size) for name, levels in CATEGORICAL.items()}
        signal = values["n0"] + values["n1"] * (codes["c10"] % 3) + random.normal(size=size)
        target = (signal > 1).astype(np.int64)
        gaps = {name: random.random(size) < 0.05 for name in NUMERIC}
        imputed = {name: np.where(gaps[name], 0.0, column.astype(np.float64)) for name, column in values.items()}
        with_gaps = {name: pa.array(column, mask=gaps[name]) for name, column in values.items()}
        one_hot = {
            f"{n}_{i}": (codes[n] == i).astype(np.int64) for n, k in CATEGORICAL.items() for i in range(1, k + 1)
        }
        encoded = {name: np.where(gaps[name], np.float32(np.nan), column) for name, column in values.items()}
        encoded |= {name: column.astype(np.float32) for name, column in {**codes, "target": target}.items()}
        yield {
            "one-hot.csv": pa.table({"target": target, **imputed, **one_hot}),
            "codes.csv": pa.table({"target": target, **with_gaps, **codes}),
            "data.parquet": pa.table(encoded),
        }


# --- the measurement ---


def run_child(way: str, folder: Path, threads: int) -> dict[str, float]:
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
    command = [sys.executable, __file__, "--child", way, "--folder", str(folder), "--threads", str(threads)]
    finished = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(finished.stdout)
    return result


def measure(way: str, folder: Path, threads: int) -> dict[str, float]:
    import pandas as pd
    import xgboost as xgb

    from encoded_data import open_side
    from features import Features
    from training.quantile_matrix import quantiles

    def usual(file: str) -> Any:
        frame = pd.read_csv(folder / file, header=None)
        return xgb.DMatrix(frame.iloc[:, 1:], label=frame.iloc[:, 0], nthread=threads)

    def ours() -> Any:
        side = open_side("train", folder, Features.read(folder / "features.json"))
        return quantiles(side, 256, threads, weights=None, between=lambda: None)

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
    columns = f"{len(NUMERIC)} numeric and {len(CATEGORICAL)} categorical columns"
    one_hot = f"{len(NUMERIC) + sum(CATEGORICAL.values())} when one-hot"
    versions = f"Python {platform.python_version()}, XGBoost {xgboost.__version__}"
    return "\n".join(
        [
            "# Training: loading and binning",
            "",
            f"{rows:,} rows, {columns} ({one_hot}), {threads} threads, {versions}; the fastest turn of each.",
            "A loaded DMatrix is not binned yet, a QuantileDMatrix is: hence also the time and memory with one round.",
            "",
            "| way | load | its CPU time | with round 1 | peak memory | with round 1 | time / ours | memory / ours |",
            "|---|---|---|---|---|---|---|---|",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
