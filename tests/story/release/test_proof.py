"""Faults of drawn sizes that the plan calls visible, each released for real: the share caught beside its promise.

The alarms of the settings are off where they would see a fault before the judgement does. `PROOF_SEED=7` draws others.
"""

import os
import random
import re

import pytest

from tests.story.release.conftest import pack

pytestmark = [pytest.mark.proof, pytest.mark.planted]

RELEASES = 10
SEED = int(os.environ.get("PROOF_SEED", "13"))
QUICK = 0.025  # seconds that a good model takes
SETTINGS = {
    "rollout": {
        "wait_seconds": "3000",
        "termination_wait_seconds": "600",
        "timeout_seconds": "7200",
        "bake_requests_per_second": "1",
    },
    "judgement": dict.fromkeys(
        ("latency_factor", "error_points", "alpha", "severe_latency_factor", "severe_error_points")
    ),  # the defaults
    "alarms": {"error_rate": "0", "error_4xx_rate": "0"},
}


def work(factor=1.0, points=0.0, status="500 Internal Server Error"):
    """The time of a request varies by a third, and each fails with the same probability."""
    return (
        "import random\n"
        f"        time.sleep({QUICK * factor} * random.uniform(0.67, 1.33))\n"
        f"        if random.random() < {points / 100}: return Labelled({status!r}, {{'error': 'planted'}})"
    )


def faults():
    """As many of each kind, in any order; 3x and +5 points are the least that every plan has to promise."""
    draw = random.Random(SEED)  # noqa: S311 - sizes of faults, not secrets
    drawn = [{"factor": draw.uniform(3, 6)} if number % 2 else _errors(draw) for number in range(RELEASES)]
    draw.shuffle(drawn)
    return drawn


def _errors(draw):
    return {
        "points": draw.uniform(5, 15),
        "status": draw.choice(["500 Internal Server Error", "400 Bad Request"]),
    }


@pytest.fixture(scope="module")
def stage(long_stage):
    long_stage.configure(**SETTINGS)
    long_stage.first = long_stage.package(archive=pack(work=work()))
    assert long_stage.deploy(long_stage.first) == 0
    return long_stage


@pytest.fixture
def promise(stage, capsys):
    """The share of such faults that the plan says its bake shows."""
    assert stage.command("--plan", "--package", stage.package(archive=pack(work=work()))) == 0
    plan = capsys.readouterr().out
    shares = [re.search(rf"{name}[^,]*? with (\d+) %", plan) for name in ("3× latency", r"\+5 points of errors")]
    return min(int(share[1]) for share in shares) / 100


def test_the_share_of_faults_that_is_caught_is_what_the_plan_promises(stage, promise, capsys):
    results = []
    for fault in faults():
        code = stage.deploy(stage.package(archive=pack(work=work(**fault))))
        verdict = capsys.readouterr().out.splitlines()[-1]
        caught = (code, stage.live_package()) == (3, stage.first)
        results.append((caught, fault, verdict))
        if stage.live_package() != stage.first:
            assert stage.command("--rollback", "--now") == 0
    share = sum(caught for caught, _, _ in results) / RELEASES
    with capsys.disabled():
        print(f"\nplan: {promise:.0%} of these faults are caught; here {share:.0%} of {RELEASES} (seed {SEED})")
        for caught, fault, verdict in results:
            print(f"  {'caught' if caught else 'MISSED'}  {fault}: {verdict}")
    assert promise >= 0.95
    assert share >= promise
