"""Small encoded data as preprocess writes it, with the flags of the training command for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features import Column, Features, Target
from settings.loader import load
from settings.pipeline import Hyperparameters

# Where they are installed, xgboost imports scikit-learn and pandas, for classes and data that no script uses. A build
# has no compiled modules yet: that import took most of the time of its quick tests.
with pytest.MonkeyPatch.context() as patch:
    for name in ("sklearn", "pandas"):
        patch.setitem(sys.modules, name, None)
    import xgboost  # noqa: F401

# All rows and columns in every round, and probabilities as the trees give them: tests compare with XGBoost's.
PLAIN = {"subsample": 1.0, "colsample_bytree": 1.0, "calibration": "none"}
CLASSES = {"binary": ("no", "yes"), "multiclass": ("bird", "cat", "dog"), "regression": ()}


def hyperparameters() -> dict[str, object]:
    """Those of base.toml, plain."""
    training = load("local").training
    return {name: getattr(training, name) for name in Hyperparameters.model_fields} | PLAIN


@dataclass(frozen=True)
class Encoded:
    folder: Path
    features: Features

    @property
    def train(self) -> Path:
        return self.folder / "train" / "data.parquet"

    @property
    def validation(self) -> Path:
        return self.folder / "validation" / "data.parquet"

    def flags(self, model_dir: Path, **flags: object) -> list[str]:
        sides = [f"--{side}={self.folder / side}" for side in ("train", "validation", "features")]
        others = [f"--{name.replace('_', '-')}={value}" for name, value in (hyperparameters() | flags).items()]
        return [*sides, f"--model-dir={model_dir}", *others]

    def with_target(self, file: Path, target: np.ndarray) -> None:
        """The same rows, as many as there are targets, with another target."""
        table = pq.read_table(file).slice(0, len(target))
        pq.write_table(table.set_column(table.num_columns - 1, "outcome", pa.array(target, pa.float32())), file)


def make(folder: Path, problem: str = "binary", rows: int = 1500, noise: float = 1.0) -> Encoded:
    columns = (
        Column("age", "numeric"),
        Column("age.income [k]", "numeric"),  # to Parquet a field of age, and brackets that XGBoost refuses
        Column("member", "boolean"),
        Column("plan", "categorical", ("basic", "plus", "pro")),
    )
    features = Features(problem, Target("outcome", CLASSES[problem]), columns, ("",))
    for number, side in enumerate(("train", "validation")):
        size = rows if side == "train" else rows // 3
        write_side(folder / side / "data.parquet", features, *raw_rows(problem, size, noise, seed=number))
    (folder / "features").mkdir(parents=True)
    features.write(folder / "features" / "features.json")
    rows = "".join(f'{20 + number % 50},"{number / 7}",{"true" if number % 2 else ""},pro\n' for number in range(90))
    (folder / "features" / "sample.csv").write_text(f"{','.join(features.names)}\n{rows}")
    return Encoded(folder, features)


def raw_rows(problem: str, size: int, noise: float, seed: int) -> tuple[pa.Table, np.ndarray]:
    random = np.random.default_rng(seed)
    age, income = random.normal(40, 10, size), random.lognormal(3, 0.5, size)
    member, plan = random.random(size) < 0.5, random.choice(["basic", "plus", "pro", "never seen"], size)
    signal = (age - 40) / 10 + (plan == "pro") - member + random.normal(0, noise, size)
    target = {"binary": signal > 0.5, "multiclass": np.digitize(signal, [-0.5, 0.7]), "regression": signal * 10}[
        problem
    ]
    gaps = random.random(size) < 0.1
    table = {"age": pa.array(age, mask=gaps), "age.income [k]": income, "member": member, "plan": plan}
    return pa.table(table), target.astype(np.float32)


def write_side(file: Path, features: Features, raw: pa.Table, target: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    matrix = features.encode(raw)
    columns = {name: matrix[:, number] for number, name in enumerate(features.names)}
    pq.write_table(pa.table({**columns, features.target.name: target}), file, row_group_size=400)


@pytest.fixture
def encoded() -> Callable[..., Encoded]:
    return make


@pytest.fixture
def job_environment(monkeypatch, tmp_path):
    """No variable of SageMaker, except the folder of the failure file; one thread."""
    for name in [name for name in os.environ if name.startswith("SM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("SM_OUTPUT_DIR", str(tmp_path / "output"))


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """The metrics of scikit-learn."""
    from sklearn import metrics

    return metrics
