"""The threads and the GPU of the machine."""

from __future__ import annotations

import json
import os
import warnings

import numpy as np
import xgboost as xgb

from failures import UserError


def threads() -> int:
    """The least of available CPUs, SM_NUM_CPUS and OMP_NUM_THREADS; XGBoost itself honours a CPU quota of cgroups."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limits = [os.environ.get(name, "") for name in ("SM_NUM_CPUS", "OMP_NUM_THREADS")]
    return min([usable, *(int(limit) for limit in limits if limit.isdigit() and int(limit) > 0)])


def choose_device(requested: str) -> str:
    if requested == "cpu":
        return "cpu"
    if gpu_works():
        return "cuda"
    if requested == "cuda":
        raise UserError("--device cuda, but there is no usable GPU: choose a GPU instance type or --device auto")
    return "cpu"


def gpu_works() -> bool:
    if os.environ.get("SM_NUM_GPUS") == "0" or not xgb.build_info().get("USE_CUDA"):
        return False
    return device_used("cuda") != "cpu"


def device_used(requested: str) -> str:
    """Without a usable GPU, XGBoost only warns and falls back to the CPU; its configuration has the device in use."""
    matrix = xgb.DMatrix(np.zeros((1, 1), dtype=np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        configuration = json.loads(xgb.Booster({"device": requested}, [matrix]).save_config())
    device: str = configuration["learner"]["generic_param"]["device"]
    return device
