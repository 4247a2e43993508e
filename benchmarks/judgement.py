"""Measures what the judgement of a release catches, and how often it fails a good one, beside Mann-Whitney's test.

    python benchmarks/judgement.py [--rollouts N]

Every rollout bakes for 10 minutes at 5 requests per second, half of them to each fleet: about 1,500 labelled answers of
the new one. Instances of one model differ by 10 %, load comes and goes for both fleets and for each, 2 % of the
latencies are several times as long, error rates drift, and a worker's first request takes two seconds more. Both tests
see the same answers; Mann-Whitney's, one-sided and with the same alpha for each of three tests, of latencies and of
errors, has no tolerance: once at the end, and again at each of 10 looks. The plan's column is what
`release/judgement/detection.py` says beforehand.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from release.judgement.answers import Answer  # noqa: E402 - found by the line above
from release.judgement.detection import Exposure, Fault, caught  # noqa: E402
from release.judgement.judgement import Judgement  # noqa: E402
from release.judgement.limits import TESTS, Limits  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "judgement.md"
PER_SECOND, SECONDS, LOOKS = 5, 600, 10
LOOK = 50  # answers from one look of the judgement to the next
INSTANCES, WORKERS = 2, 4
MEDIAN_MS, COLD_MS = 20.0, 2000.0
INSTANCE_SPREAD, LOAD_SPREAD = 0.1, 0.1
TAIL_SHARE, TAIL_SHAPE = 0.02, 1.5
LOAD_MEMORY = 0.98  # from one request to the next
ERROR_DRIFT = 0.5
SEED = 7

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Scenario:
    name: str
    factor: float = 1.0
    points: float = 0.0
    error_rate: float = 0.002
    spread: float = 0.5
    faulty: bool = True


SCENARIOS = (
    Scenario("identical", faulty=False),
    Scenario("identical, 2 % errors", error_rate=0.02, faulty=False),
    Scenario("identical, latencies spread twice as wide", spread=1.0, faulty=False),
    Scenario("1.5× latency", factor=1.5),
    Scenario("3× latency", factor=3),
    Scenario("+1 point of errors", points=0.01),
    Scenario("+2 points of errors", points=0.02),
    Scenario("+5 points of errors", points=0.05),
)


@dataclass(frozen=True)
class Rollout:
    new: Flags
    failed: Flags
    latencies: Floats
    cold: Flags

    def answers(self) -> Iterator[Answer]:
        columns = (self.new.tolist(), self.failed.tolist(), self.latencies.tolist(), self.cold.tolist())
        for at, (new, failed, latency, cold) in enumerate(zip(*columns, strict=True)):
            yield Answer(at / PER_SECOND, "new" if new else "old", 500 if failed else 200, latency, cold)


@dataclass(frozen=True)
class Result:
    scenario: Scenario
    requests: list[int]  # of the new fleet, in the rollouts that failed, until they did
    at_end: int  # rollouts that Mann-Whitney's test fails
    at_any_look: int


def main(argv: list[str] | None = None) -> int:
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--rollouts", type=int, default=1000, metavar="N", help="of each scenario")
    rollouts = command.parse_args(argv).rollouts
    results = []
    for scenario in SCENARIOS:
        results.append(measure(scenario, rollouts))
        print(f"{scenario.name}: {len(results[-1].requests)} of {rollouts} fail", flush=True)
    table = report(results, rollouts)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(table)
    print(table)
    return 0


def measure(scenario: Scenario, rollouts: int) -> Result:
    requests, at_end, at_any_look = [], 0, 0
    for rollout in simulate(scenario, rollouts):
        judgement, answers = Judgement(), rollout.answers()
        while not judgement.failure and (some := list(islice(answers, LOOK))):
            judgement.add(some)
        if judgement.failure and judgement.failure.time is not None:
            requests.append(int(rollout.new[: round(judgement.failure.time * PER_SECOND) + 1].sum()))
        at_end += mann_whitney_fails(rollout, len(rollout.new))
        sizes = np.linspace(0, len(rollout.new), LOOKS + 1)[1:].astype(int)
        at_any_look += any(mann_whitney_fails(rollout, size) for size in sizes)
    return Result(scenario, requests, at_end, at_any_look)


def simulate(scenario: Scenario, rollouts: int) -> Iterator[Rollout]:
    random = np.random.default_rng(SEED)
    shape = (rollouts, PER_SECOND * SECONDS)
    new = random.random(shape) < 0.5
    instance = random.integers(0, INSTANCES, shape) + INSTANCES * new
    effects = random.normal(0, INSTANCE_SPREAD, (rollouts, 2 * INSTANCES))
    logarithm = np.take_along_axis(effects, instance, axis=1) + random.normal(0, scenario.spread, shape)
    logarithm += LOAD_SPREAD * (wander(random, shape) + of_each_fleet(random, new))
    latencies = MEDIAN_MS * np.exp(logarithm) * np.where(new, scenario.factor, 1)
    latencies *= np.where(random.random(shape) < TAIL_SHARE, 5 * (1 + random.pareto(TAIL_SHAPE, shape)), 1)
    cold = first_of_workers(random, new, instance)
    rate = scenario.error_rate + np.where(new, scenario.points, 0)
    drift = ERROR_DRIFT * (wander(random, shape) + of_each_fleet(random, new)) - ERROR_DRIFT**2
    failed = random.random(shape) < rate * np.exp(drift)
    latencies += COLD_MS * cold
    for one in zip(new, failed, latencies, cold, strict=True):
        yield Rollout(*one)


def wander(random: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """An autoregressive series for each rollout, of mean 0 and variance 1."""
    values = random.normal(0, 1, shape)
    for at in range(1, shape[1]):
        values[:, at] = LOAD_MEMORY * values[:, at - 1] + (1 - LOAD_MEMORY**2) ** 0.5 * values[:, at]
    return values


def of_each_fleet(random: np.random.Generator, new: Flags) -> Floats:
    return np.where(new, wander(random, new.shape), wander(random, new.shape))


def first_of_workers(random: np.random.Generator, new: Flags, instance: NDArray[np.int64]) -> Flags:
    """Workers of the new fleet start cold; those of the old one have answered before."""
    worker = instance * WORKERS + random.integers(0, WORKERS, new.shape)
    cold = np.zeros(new.shape, np.bool_)
    for row, workers in enumerate(worker):
        cold[row, np.unique(workers, return_index=True)[1]] = True
    return cold & new


def mann_whitney_fails(rollout: Rollout, size: int) -> bool:
    """Of the first ``size`` answers."""
    new, failed, latencies = rollout.new[:size], rollout.failed[:size], rollout.latencies[:size]
    limit = statistics.NormalDist().inv_cdf(1 - Limits().alpha / len(TESTS))
    return bool(max(mann_whitney(latencies[~failed], new[~failed]), mann_whitney(failed, new)) > limit)


def mann_whitney(values: Floats | Flags, new: Flags) -> float:
    """The standardised sum of ranks of the new fleet; equal values have their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    total, ours = len(values), int(new.sum())
    ties = float((counts.astype(float) ** 3 - counts).sum())
    variance = ours * (total - ours) / 12 * (total + 1 - ties / (total * (total - 1)))
    return float((ranks[new].sum() - ours * (total + 1) / 2) / variance**0.5) if variance > 0 else 0.0


def promise(scenario: Scenario) -> str:
    if not scenario.faulty:
        return f"at most {Limits().alpha:.0%}"
    fleet = PER_SECOND * SECONDS // 2
    spread = (scenario.spread**2 + INSTANCE_SPREAD**2 + 2 * LOAD_SPREAD**2) ** 0.5  # as one sees it in the latencies
    exposure = Exposure(fleet, fleet, True, scenario.error_rate, spread)
    return f"{caught(Fault(scenario.name, scenario.factor, scenario.points), exposure, Limits()):.0%}"


def report(results: list[Result], rollouts: int) -> str:
    lines = [
        f"# Judgement: {rollouts:,} simulated rollouts each, about {PER_SECOND * SECONDS // 2:,} answers of each fleet",
        "",
        f"`python benchmarks/judgement.py --rollouts {rollouts}`: "
        f"Python {platform.python_version()}, numpy {np.__version__}. Shares of rollouts that fail; requests are the "
        f"new fleet's. Between them instances differ by {INSTANCE_SPREAD:.0%} (standard deviation), so that of the "
        "identical fleets some are slower than others.",
        "",
        "| truth | the plan says | the judgement | median requests until then | Mann-Whitney, once at the end "
        f"| Mann-Whitney, at each of {LOOKS} looks |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for result in results:
        median = f"{statistics.median(result.requests):,.0f}" if result.requests and result.scenario.faulty else ""
        shares = (len(result.requests), result.at_end, result.at_any_look)
        judged, at_end, at_any_look = (f"{share / rollouts:.1%}" for share in shares)
        lines.append(
            f"| {result.scenario.name} | {promise(result.scenario)} | {judged} | {median} | {at_end} | {at_any_look} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
