"""Measures requests per second of the inference handler against a plain one (pandas.read_csv → DMatrix → predict).

    python benchmarks/inference.py [--seconds N]

The model is that of `make demo`: example churn data and the settings of base.toml. Every handler runs in the same
server (localcloud.runtime.serving), one process each, with one keep-alive client that sends the same CSV rows. They
take turns in short bursts, so that load on the machine affects all of them; ratios are against the faster plain one.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks/results/inference.md"
ROWS = (1, 100, 10_000)
BURST_SECONDS = 0.5
TRAIN_ROWS = 20_000
RARE_ROWS = 20
PARAMETERS = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "eta": 0.1,
    "max_depth": 6,
    "subsample": 0.9,
    "colsample_bytree": 0.9,
    "seed": 7,
}
PLAIN = """
import io, json, os
import pandas as pd
import xgboost as xgb

def model_fn(model_dir):
    booster = xgb.Booster()
    booster.load_model(os.path.join(model_dir, "model.ubj"))
    with open(os.path.join(model_dir, "columns.json")) as file:
        return booster, json.load(file)

def input_fn(body, content_type):
    return pd.read_csv(io.StringIO(body), header=None)

def predict_fn(frame, model):
    booster, columns = model
    frame.columns = columns["names"]
    ENCODE
    return booster.predict(xgb.DMatrix(frame, feature_types=columns["types"], enable_categorical=True))

def output_fn(prediction, accept):
    return "\\n".join(str(value) for value in prediction)
"""
ENCODE = {
    "plain, category codes": """
    for name, levels in columns["levels"].items():
        codes = pd.Series(pd.Categorical(frame[name], categories=levels).codes + 1.0)
        frame[name] = codes.where(frame[name].notna())
    frame["paperless"] = frame["paperless"].astype(float)
""",
    "plain, one-hot": """
    frame["paperless"] = frame["paperless"].astype(float)
    frame = pd.get_dummies(frame).reindex(columns=columns["encoded"], fill_value=0)
""",
}
OURS = "this template's handler"
TREES = "the trees alone, no server"


def main(argv: list[str] | None = None) -> int:
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--seconds", type=float, default=8.0, help="for each handler and number of rows")
    options = command.parse_args(argv)
    sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as running:
        folders, bodies, description, walking = prepare(Path(scratch))
        ports = {name: running.enter_context(serving(folder)) for name, folder in folders.items()}
        check_agreement(ports, bodies[100])
        measured = {}
        for rows, body in bodies.items():
            turns = {name: partial(Client(port).invoke, body) for name, port in ports.items()}
            measured[rows] = measure(turns | ({TREES: walking} if rows == max(ROWS) else {}), options.seconds)
    table = report(measured, description, options.seconds)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(table)
    print(table)
    return 0


def prepare(scratch: Path) -> tuple[dict[str, Path], dict[int, bytes], str, Callable[[], object]]:
    """A model directory per handler, a request per number of rows, a description, and a prediction without server."""
    import pyarrow as pa
    from pyarrow import csv

    from pipelines.example_data import generate

    table, fresh = (generate(rows, seed).drop(["customer_id"]) for rows, seed in ((TRAIN_ROWS, 7), (max(ROWS), 8)))
    features, trees = our_model(table, scratch / "ours")
    folders = {OURS: scratch / "ours"}
    for name, code in ENCODE.items():
        folders[name] = plain_model(table, features, scratch, name, PLAIN.replace("ENCODE", code.strip()))
    sink = pa.BufferOutputStream()
    unquoted = csv.WriteOptions(include_header=False, quoting_style="none")
    csv.write_csv(fresh.select(features.names), sink, unquoted)
    lines = sink.getvalue().to_pybytes().splitlines(keepends=True)
    kinds = list(features.kinds.values())
    walking = walk(folders[OURS], features.encode(fresh.select(features.names)))
    description = f"{len(kinds)} columns ({kinds.count('categorical')} categorical), {trees} trees of depth 6"
    return folders, {rows: b"".join(lines[:rows]) for rows in ROWS}, description, walking


def our_model(table: Any, folder: Path) -> tuple[Any, int]:
    import numpy as np
    import pyarrow as pa

    from features import Column, Features, Target
    from training.model_folder import prepare as prepare_model

    columns = []
    for field in table.schema:
        levels: tuple[str, ...] = ()
        if pa.types.is_string(field.type):
            counts = table[field.name].value_counts().to_pylist()
            levels = tuple(sorted(one["values"] for one in counts if one["values"] and one["counts"] >= RARE_ROWS))
        kind = "categorical" if levels else "boolean" if pa.types.is_boolean(field.type) else "numeric"
        columns.append(Column(field.name, kind, levels))
    churned = np.array([value == "yes" for value in table["churned"].to_pylist()], np.float32)
    features = Features("binary", Target("churned", ("no", "yes")), tuple(columns[:-1]), missing=("",))
    booster = train(features.encode(table), churned, features.names, features.types)
    features.write(folder.with_suffix(".json"))
    metadata = {"format": 1, "problem": "binary", "threshold": 0.5}
    with prepare_model(folder, "algorithm_xgboost") as publish:
        publish(
            {
                "model.ubj": bytes(booster.save_raw("ubj")),
                "features.json": folder.with_suffix(".json").read_bytes(),
                "metadata.json": json.dumps(metadata).encode(),
            }
        )
    return features, booster.num_boosted_rounds()


def plain_model(table: Any, features: Any, scratch: Path, name: str, code: str) -> Path:
    import pandas as pd

    folder = scratch / name.replace(" ", "-")
    (folder / "code").mkdir(parents=True)
    (folder / "code/inference.py").write_text(code)
    levels = {column.name: list(column.levels) for column in features.columns if column.levels}
    columns: dict[str, Any] = {"names": features.names, "levels": levels, "types": features.types}
    if "one-hot" in name:
        frame = table.select(features.names).to_pandas()
        frame["paperless"] = frame["paperless"].astype(float)
        frame = pd.get_dummies(frame)
        columns |= {"types": ["q"] * frame.shape[1], "encoded": list(frame.columns)}
        churned = (table["churned"].to_pandas() == "yes").to_numpy()
        train(frame.to_numpy(float), churned, columns["encoded"], columns["types"]).save_model(folder / "model.ubj")
    else:
        shutil.copy(scratch / "ours/model.ubj", folder)
    (folder / "columns.json").write_text(json.dumps(columns))
    return folder


def train(matrix: Any, target: Any, names: list[str], types: list[str]) -> Any:
    """Up to 500 rounds, stopped when the last tenth of the rows has not improved for 30."""
    import xgboost

    cut = len(matrix) * 9 // 10
    train, validation = (
        xgboost.DMatrix(matrix[part], target[part], feature_names=names, feature_types=types, enable_categorical=True)
        for part in (slice(cut), slice(cut, None))
    )
    booster = xgboost.train(
        PARAMETERS, train, 500, evals=[(validation, "validation")], early_stopping_rounds=30, verbose_eval=False
    )
    return booster[: booster.best_iteration + 1]


def walk(folder: Path, matrix: Any) -> Callable[[], object]:
    """The work of xgboost itself for the largest request."""
    import xgboost

    booster = xgboost.Booster(model_file=folder / "model.ubj")
    return lambda: booster.inplace_predict(matrix)


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "localcloud.runtime.serving", "--model-dir", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline().rpartition(":")[2])
        finally:
            process.terminate()


class Client:
    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def invoke(self, body: bytes) -> bytes:
        self.connection.request("POST", "/invocations", body, {"Content-Type": "text/csv", "Accept": "text/csv"})
        response = self.connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise SystemExit(f"error: {response.status} {content.decode()}")
        return content


def check_agreement(ports: dict[str, int], body: bytes) -> None:
    """All handlers must return the same predictions."""
    ours = [float(line.split(b",")[1]) for line in Client(ports[OURS]).invoke(body).splitlines()]
    plain = [float(line) for line in Client(ports["plain, category codes"]).invoke(body).splitlines()]
    assert max(abs(a - b) for a, b in zip(ours, plain, strict=True)) < 1e-6, "the handlers do not agree"


def measure(turns: dict[str, Callable[[], object]], seconds: float) -> dict[str, list[float]]:
    """The duration of every request in seconds, by handler."""
    durations: dict[str, list[float]] = {name: [] for name in turns}
    for invoke in turns.values():  # warm up
        for _ in range(3):
            invoke()
    order = list(turns)
    while any(sum(times) < seconds for times in durations.values()):
        random.shuffle(order)
        for name in order:
            end = time.perf_counter() + BURST_SECONDS
            while (begin := time.perf_counter()) < end:
                turns[name]()
                durations[name].append(time.perf_counter() - begin)
    return durations


def report(measured: dict[int, dict[str, list[float]]], description: str, seconds: float) -> str:
    import numpy
    import pandas
    import pyarrow
    import xgboost

    versions = ", ".join(f"{library.__name__} {library.__version__}" for library in (xgboost, numpy, pyarrow, pandas))
    lines = [
        "# Inference: requests per second through one server",
        "",
        f"`python benchmarks/inference.py --seconds {seconds:g}`: one keep-alive client, CSV in and out, "
        f"{description}; Python {platform.python_version()}, {versions}, {os.cpu_count()} cores.",
        "",
        "| rows | handler | requests/s | p50 ms | p99 ms | ratio | p99 ratio |",
        "|---:|---|---:|---:|---:|---:|---:|",
    ]
    for rows, durations in measured.items():
        rates = {name: len(times) / sum(times) for name, times in durations.items()}
        tails = {name: percentile(times, 99) for name, times in durations.items()}
        base = max(ENCODE, key=rates.__getitem__)
        for name, times in durations.items():
            median, tail = statistics.median(times) * 1e3, tails[name] * 1e3
            ratios = f"{rates[name] / rates[base]:.2f}× | {tails[name] / tails[base]:.2f}×"
            lines.append(f"| {rows:,} | {name} | {rates[name]:,.0f} | {median:.2f} | {tail:.2f} | {ratios} |")
    middle = {name: statistics.median(times) for name, times in measured[max(ROWS)].items()}
    rest = (min(middle[name] for name in ENCODE) - middle[TREES]) / (middle[OURS] - middle[TREES])
    lines += [
        "",
        "Ratios are against the faster of the two plain handlers; of a p99, less is better. No handler is faster than "
        f"the walk through the trees, which is xgboost's own work: in what it leaves the ratio is {rest:.1f}×.",
        "",
    ]
    return "\n".join(lines)


def percentile(times: list[float], percent: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * percent / 100))]


if __name__ == "__main__":
    sys.exit(main())
