"""A model that train.py wrote, served by ``python -m localcloud.runtime.serving`` as on an endpoint."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

import inference
from features import Column, Features, Target
from localcloud.testing import serving, start_model_server
from training.model_folder import prepare


def post(connection: http.client.HTTPConnection, body: bytes, kind: str = "text/csv", accept: str = "x/y") -> Any:
    connection.request("POST", "/invocations", body, {"Content-Type": kind, "Accept": accept})
    response = connection.getresponse()
    return response.status, response.read()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model directory as train.py writes it."""
    folder = tmp_path_factory.mktemp("real")
    columns = (Column("tenure", "numeric"), Column("plan", "categorical", ("basic", "plus")))
    features = Features("multiclass", Target("grade", ("a", "b", "c")), columns, missing=("",))
    draw = np.random.default_rng(1)
    matrix = np.column_stack([draw.normal(size=500), draw.integers(0, 3, 500)]).astype(np.float32)
    data = xgboost.DMatrix(matrix, draw.integers(0, 3, 500), feature_types=features.types, feature_names=features.names)
    booster = xgboost.train({"objective": "multi:softprob", "num_class": 3}, data, 20)
    features.write(folder / "features.json")
    metadata = b'{"format": 1, "problem": "multiclass", "threshold": null}'
    files = {"model.ubj": bytes(booster.save_raw("ubj")), "metadata.json": metadata}
    with prepare(folder / "model", "algorithm_xgboost") as publish:
        publish(files | {"features.json": (folder / "features.json").read_bytes()})
    return folder / "model"


def csv_rows(seed: int) -> bytes:
    draw = np.random.default_rng(seed)
    rows = draw.integers(1, 500)
    plans = np.array(["basic", "plus", "other", ""])[draw.integers(0, 4, rows)]
    return "".join(f"{x!r},{p}\n" for x, p in zip(draw.normal(size=rows).tolist(), plans, strict=True)).encode()


def test_many_concurrent_clients_get_the_predictions_of_one(real: Path) -> None:
    """Also the skew test: the process returns exactly the bits of predict_matrix here."""
    model = inference.load(real)
    bodies = [csv_rows(seed) for seed in range(50)]
    expected = [inference.respond(model, body, "text/csv", "text/csv")[0] for body in bodies]
    responses: dict[int, list[Any]] = {}

    def client(number: int, connection: http.client.HTTPConnection) -> None:
        responses[number] = [post(connection, bodies[(at + number) % 50], accept="text/csv") for at in range(50)]
        connection.close()

    with serving(real, "--workers", "4") as (process, connect):
        clients = [threading.Thread(target=client, args=(number, connect())) for number in range(8)]
        for one in clients:
            one.start()
        for one in clients:
            one.join(60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert process.stderr and process.stderr.read() == ""
    for number in range(8):
        assert responses[number] == [(200, expected[(at + number) % 50]) for at in range(50)]


def test_the_handler_in_the_model_is_served(real: Path) -> None:
    with serving(real) as (process, connect):
        assert process.stdout
        connection = connect()
        status, content = post(connection, b"tenure,plan\n1,basic\n", accept="*/*")
        assert status == 200 and json.loads(content)["predictions"][0]["label"] in "abc"
        assert post(connection, b"1,basic\nx,basic\n") == (
            400,
            b'{"error": "row 2: column \\"tenure\\" holds \\"x\\", which is not a number"}',
        )
        assert post(connection, b"\xff,a\n")[1] == b'{"error": "row 1 is not UTF-8 text"}'
        assert post(connection, b"1,basic\n")[0] == 406
        libraries = Path(f"/proc/{process.pid}/maps")
        if libraries.exists():
            assert "/sklearn/" not in libraries.read_text()  # three quarters of a cold start


def test_a_damaged_model_prints_one_sentence(real: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(real, tmp_path / "model")
    model = (folder / "model.ubj").read_bytes()
    (folder / "model.ubj").write_bytes(model[: len(model) // 2])
    process = start_model_server(folder)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("error: the model in ") and "cannot be loaded: XGBoostError" in err


@pytest.mark.parametrize(
    ("transform", "status"), [({}, 413), ({"SAGEMAKER_BATCH": "true", "SAGEMAKER_MAX_PAYLOAD_IN_MB": "1"}, 200)]
)
def test_a_transform_states_its_own_limit_of_a_request(real: Path, transform: dict[str, str], status: int) -> None:
    """A released model has the limit of its endpoint."""
    with serving(real, MAX_PAYLOAD_BYTES="2048", **transform) as (_, connect):
        assert post(connect(), b"1,basic\n" * 1000, accept="text/csv")[0] == status
