"""Writes example data: customer churn, any number of rows, reproducible by seed.

python -m pipelines.example_data --rows 20000 --output /tmp/churn.csv
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aws.command_errors import run_command
from settings.errors import Problem, UsageProblem

if TYPE_CHECKING:  # imported where needed: --help should be fast
    import pyarrow as pa

SUFFIXES = (".csv", ".csv.gz", ".parquet")
SEED = 7
MAX_PARTS = 10_000


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    return run_command("example-data", lambda: _write_all(options))


def _write_all(options: argparse.Namespace) -> int:
    files = write(options.output, options.rows, options.seed, options.drift, options.parts, options.part_format)
    shown = str(files[0]) if len(files) == 1 else f"{len(files)} files in {options.output}"
    best = attainable_auc(seed=options.seed, drift=options.drift)
    print(f"{options.rows:,} customers in {shown}; the best possible model has an AUC of {best:.3f}")
    return 0


def generate(rows: int, seed: int = SEED, drift: Sequence[str] = ()) -> pa.Table:
    """A table of customers in memory; ``write`` handles more rows than memory holds."""
    import pyarrow as pa

    from pipelines import example_churn

    check(rows, seed, drift)
    return pa.concat_tables([table for table, _ in example_churn.chunks(0, rows, seed, drift)]).combine_chunks()


def attainable_auc(rows: int = 65_536, seed: int = SEED, drift: Sequence[str] = ()) -> float:
    """The expected AUC of a model that knows the probability of every customer."""
    import numpy as np

    from pipelines import example_churn

    check(rows, seed, drift)
    chunks = example_churn.chunks(0, rows, seed, drift)
    leave = np.sort(np.concatenate([probability for _, probability in chunks]))
    stayed_below = np.cumsum(1 - leave) - (1 - leave)
    return float((leave * stayed_below).sum() / (leave.sum() * (1 - leave).sum() - (leave * (1 - leave)).sum()))


def write(
    output: Path, rows: int, seed: int = SEED, drift: Sequence[str] = (), parts: int = 0, part_format: str = "csv"
) -> list[Path]:
    """One file, with the format of its suffix, or a folder of parts. Files are complete or absent."""
    from pipelines import example_churn

    check(rows, seed, drift)
    files = _files(output, rows, parts, part_format)
    try:
        files[0].parent.mkdir(parents=True, exist_ok=True)
        for number, file in enumerate(files):
            first, end = rows * number // len(files), rows * (number + 1) // len(files)
            _write_file(file, (table for table, _ in example_churn.chunks(first, end, seed, drift)))
    except OSError as error:
        raise Problem(f"cannot write to {output}: {error.strerror or error}; choose another --output") from error
    return files


def check(rows: int, seed: int, drift: Sequence[str]) -> None:
    from pipelines.example_churn import DRIFTING

    if rows < 1:
        raise UsageProblem(f"--rows is {rows}: it must be at least 1")
    if seed < 0:
        raise UsageProblem(f"--seed is {seed}: it must not be negative")
    for name in drift:
        if name not in DRIFTING:
            raise UsageProblem(f'--drift names "{name}"; the columns that can drift are {", ".join(DRIFTING)}')


def _files(output: Path, rows: int, parts: int, part_format: str) -> list[Path]:
    suffix = next((suffix for suffix in SUFFIXES if output.name.endswith(suffix)), None)
    if suffix and not output.is_dir():
        if parts:
            raise UsageProblem(f"--parts needs a folder as --output, and {output} is one file")
        return [output]
    if output.suffix and not output.is_dir():
        raise UsageProblem(f"--output {output} must end in {', '.join(SUFFIXES)}, or be a folder for several parts")
    count = parts or 4
    if not 1 <= count <= min(MAX_PARTS, rows):
        raise UsageProblem(f"--parts is {count}: it must be from 1 to {MAX_PARTS:,}, and at most --rows")
    return [output / f"part-{number:05d}.{part_format}" for number in range(count)]


def _write_file(file: Path, tables: Iterator[pa.Table]) -> None:
    unfinished = file.with_name(f".{file.name}.unfinished")
    open_writer = _parquet_writer if file.suffix == ".parquet" else _csv_writer
    try:
        first = next(tables)
        with open_writer(unfinished, first.schema, file.suffix == ".gz") as put:
            put(first)
            for table in tables:
                put(table)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _csv_writer(file: Path, schema: pa.Schema, compressed: bool) -> Iterator[Callable[[pa.Table], None]]:
    import pyarrow as pa
    from pyarrow import csv

    options = csv.WriteOptions(include_header=False, quoting_style="none")
    with pa.output_stream(str(file), compression="gzip" if compressed else None) as stream:
        stream.write((",".join(schema.names) + "\n").encode())
        with csv.CSVWriter(stream, schema, write_options=options) as writer:
            yield writer.write_table


@contextmanager
def _parquet_writer(file: Path, schema: pa.Schema, compressed: bool) -> Iterator[Callable[[pa.Table], None]]:
    del compressed  # Parquet has its own compression
    import pyarrow.parquet as pq

    with pq.ParquetWriter(file, schema) as writer:
        yield writer.write_table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipelines.example_data", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000, metavar="N", help="how many customers (default 20000)")
    parser.add_argument("--seed", type=int, default=SEED, metavar="S", help="seed of the random numbers")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="PATH", help="a .csv, .csv.gz or .parquet file, or a folder"
    )
    parser.add_argument("--drift", nargs="+", default=(), metavar="COLUMN", help="columns whose values drift")
    parser.add_argument("--parts", type=int, default=0, metavar="N", help="files in the folder (default 4)")
    parser.add_argument("--part-format", choices=[suffix[1:] for suffix in SUFFIXES], default="csv")
    return parser


if __name__ == "__main__":
    sys.exit(main())
