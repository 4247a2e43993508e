import os

import pytest

from failures import UserError
from training import devices

pytestmark = pytest.mark.usefixtures("job_environment")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({}, 4), ({"SM_NUM_CPUS": "3"}, 3), ({"SM_NUM_CPUS": "64"}, 4), ({"SM_NUM_CPUS": "3", "OMP_NUM_THREADS": "2"}, 2)],
)
def test_threads_are_the_minimum_of_all_limits(monkeypatch, variables, expected):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert devices.threads() == expected


def test_auto_takes_the_gpu_where_it_works(monkeypatch):
    monkeypatch.setattr(devices, "gpu_works", lambda: True)
    assert [devices.choose_device(requested) for requested in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]


def test_auto_takes_the_cpu_otherwise_and_cuda_is_refused(monkeypatch):
    monkeypatch.setattr(devices, "gpu_works", lambda: False)
    assert devices.choose_device("auto") == "cpu"
    with pytest.raises(UserError, match="--device cuda, but there is no usable GPU"):
        devices.choose_device("cuda")


def test_a_gpu_that_is_not_there_does_not_work(monkeypatch):
    monkeypatch.setattr(devices.xgb, "build_info", lambda: {"USE_CUDA": True})
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert devices.device_used("cpu") == "cpu"
    assert not devices.gpu_works()


def test_a_gpu_works_when_xgboost_stays_on_it(monkeypatch):
    monkeypatch.setattr(devices.xgb, "build_info", lambda: {"USE_CUDA": True})
    monkeypatch.setattr(devices, "device_used", lambda requested: f"{requested}:0")
    assert devices.gpu_works()
    monkeypatch.setenv("SM_NUM_GPUS", "0")
    assert not devices.gpu_works()
