"""What the machine offers: threads and a GPU."""

from __future__ import annotations

import json
import os
import warnings

import numpy as np
import xgboost as xgb

from failures import Refused


def threads() -> int:
    """The least of what the job, the scheduler and the operator allow; XGBoost itself honours a cgroup's CPU quota."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wishes = [os.environ.get(name, "") for name in ("SM_NUM_CPUS", "OMP_NUM_THREADS")]
    return min([usable, *(int(wish) for wish in wishes if wish.isdigit() and int(wish) > 0)])


def choose_device(wanted: str) -> str:
    if wanted == "cpu":
        return "cpu"
    if gpu_works():
        return "cuda"
    if wanted == "cuda":
        raise Refused("--device cuda, but there is no usable GPU: choose a GPU instance type or --device auto")
    return "cpu"


def gpu_works() -> bool:
    if os.environ.get("SM_NUM_GPUS") == "0" or not xgb.build_info().get("USE_CUDA"):
        return False
    return device_used("cuda") != "cpu"


def device_used(wanted: str) -> str:
    """Where no GPU is usable, XGBoost falls back to the CPU with no more than a warning; its configuration tells."""
    matrix = xgb.DMatrix(np.zeros((1, 1), dtype=np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        configuration = json.loads(xgb.Booster({"device": wanted}, [matrix]).save_config())
    device: str = configuration["learner"]["generic_param"]["device"]
    return device
