"""Three data sets of scikit-learn, one of each problem type, each run through the whole pipeline once.

Only settings differ between them. ``Case.run`` does what ``make model DATA=... KEEP=1`` does, on its own localcloud.
"""

import io
import json
import shutil
import subprocess
import sys
import tarfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from sklearn import datasets

from aws import endpoint
from localcloud.testing import client_of, denials_of
from rehearsal import one_model
from settings.environments import CONFIG
from settings.loader import load

ROOT = Path(__file__).resolve().parents[2]
SMALL = "[training]\nrounds = 40\nearly_stopping_rounds = 10\nlearning_rate = 0.2\n"


def breast_cancer():
    data = datasets.load_breast_cancer(as_frame=True)
    table = pa.Table.from_pandas(data.frame.drop(columns="target"), preserve_index=False)
    diagnosis = np.array(["malignant", "benign"])[data.target]
    return table.append_column("diagnosis", pa.array(diagnosis))


def wine():
    """With a category derived from a number, and a column of meaningless text."""
    table = pa.Table.from_pandas(datasets.load_wine(as_frame=True).frame, preserve_index=False)
    strength = pc.if_else(pc.greater(table["alcohol"], 13.0), "strong", "light")
    return table.append_column("strength", strength).append_column("note", pa.array([f"note {n}" for n in range(178)]))


def diabetes():
    return pa.Table.from_pandas(datasets.load_diabetes(as_frame=True).frame, preserve_index=False)


def one_csv(table, folder):
    pyarrow.csv.write_csv(table, folder / "data.csv")


def two_parquet_files(table, folder):
    for number, part in enumerate((table.slice(0, 90), table.slice(90))):
        pq.write_table(part, folder / f"part-{number}.parquet")


def gzipped_csv(table, folder):
    with pa.CompressedOutputStream(str(folder / "data.csv.gz"), "gzip") as stream:
        pyarrow.csv.write_csv(table, stream)


def run_one_model(*words):
    """``make model`` in this process, where the SDK is imported once."""
    out, err = io.StringIO(), io.StringIO()
    endpoint._start.cache_clear()  # of another server
    with redirect_stdout(out), redirect_stderr(err):
        code = one_model.main([*map(str, words)])
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


@pytest.fixture(name="run_one_model")
def one_model_in_this_process():
    return run_one_model


@dataclass
class Case:
    name: str
    load: object
    write: object
    settings: str
    metric: str
    good: float  # for the gate's metric: far beyond guessing
    folder: Path = field(default_factory=Path)
    done: subprocess.CompletedProcess | None = None

    def run(self, folder: Path) -> "Case":
        self.folder = folder
        shutil.copytree(CONFIG, folder / "config")
        local = folder / "config/local.toml"
        local.write_text(local.read_text() + SMALL + self.settings)
        (folder / "raw").mkdir()
        self.write(self.load(), folder / "raw")
        where = ("--config", folder / "config", "--data", folder / "raw", "--folder", folder / "cloud")
        self.done = run_one_model(*where, "--keep")
        return self

    def client(self, service):
        return client_of(self.folder / "cloud", service)

    def keys(self, uri: str) -> list[str]:
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [f"s3://{bucket}/{entry['Key']}" for page in pages for entry in page.get("Contents", [])]

    def download(self, prefix: str, folder: Path) -> list[str]:
        """Returns the objects under a prefix, which ends with a slash."""
        uris = self.keys(prefix)
        for uri in uris:
            self.download_file(uri, folder / uri.removeprefix(prefix))
        return uris

    def download_file(self, uri: str, file: Path) -> None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        self.client("s3").download_file(bucket, key, str(file))

    @property
    def table(self) -> pa.Table:
        return self.load()

    @cached_property
    def run_folder(self) -> Path:
        """The run's files in S3, downloaded."""
        assert self.download(f"{load('local', self.folder / 'config').prefix}/runs/", self.folder / "runs")
        (run,) = (self.folder / "runs").iterdir()
        return run

    @property
    def evaluation(self) -> dict:
        return json.loads((self.run_folder / "evaluate/evaluation/evaluation.json").read_text())

    @cached_property
    def package(self) -> dict:
        sagemaker = self.client("sagemaker")
        (listed,) = sagemaker.list_model_packages(ModelPackageGroupName="churn")["ModelPackageSummaryList"]
        return sagemaker.describe_model_package(ModelPackageName=listed["ModelPackageArn"])

    @cached_property
    def model(self) -> Path:
        """The model folder, unpacked as SageMaker unpacks it."""
        folder, archive = self.folder / "model", self.folder / "model.tar.gz"
        (container,) = self.package["InferenceSpecification"]["Containers"]
        self.download_file(container["ModelDataUrl"], archive)
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        return folder


DIAGNOSIS = """
[data]
target = "diagnosis"
key = []
[problem]
type = "binary"
positive = "malignant"
[quality_gate]
metric = "auc"
threshold = 0.9
"""
CULTIVAR = """
[data]
target = "target"
key = []
ignore = ["ash"]
categorical = ["strength"]
facets = ["strength"]
test_fraction = 0.3
[problem]
type = "multiclass"
positive = ""
[quality_gate]
metric = "macro_f1"
threshold = 0.6
"""
PROGRESSION = """
[data]
target = "target"
key = []
categorical = ["sex"]
test_fraction = 0.3
[problem]
type = "regression"
positive = ""
[quality_gate]
metric = "rmse"
threshold = 70.0
"""
CASES = [
    Case("binary", breast_cancer, one_csv, DIAGNOSIS, "auc", 0.95),
    Case("multiclass", wine, two_parquet_files, CULTIVAR, "macro_f1", 0.8),
    Case("regression", diabetes, gzipped_csv, PROGRESSION, "rmse", 66.0),
]


@pytest.fixture(scope="session", params=CASES, ids=lambda case: case.name)
def case(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param.name)
    yield replace(request.param).run(folder)
    assert denials_of(folder / "cloud") == []
    down = [sys.executable, "-m", "localcloud", "--folder", str(folder / "cloud"), "down"]
    subprocess.run(down, cwd=ROOT, check=True)
