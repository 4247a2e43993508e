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
    """Asked of XGBoost itself, which otherwise falls back to the CPU with no more than a warning."""
    if os.environ.get("SM_NUM_GPUS") == "0" or not xgb.build_info().get("USE_CUDA"):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            probe = xgb.Booster({"device": "cuda"}, [xgb.DMatrix(np.zeros((1, 1), dtype=np.float32))])
            device: str = json.loads(probe.save_config())["learner"]["generic_param"]["device"]
        except xgb.core.XGBoostError:
            return False
    return device.startswith("cuda")
