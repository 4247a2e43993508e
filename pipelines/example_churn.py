"""Generates customers of a fictitious telephone company, with the probability that each one leaves.

Every column has its own random stream for each chunk of rows, so the first rows do not depend on the number of rows,
and drift in one column leaves the others unchanged.

The probability is a function of the visible columns (a missing value counts as a value), so the best possible quality
is known: no model can rank better than this probability.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

CHUNK_ROWS = 16_384
KEY, TARGET = "customer_id", "churned"
Floats = npt.NDArray[np.float64]
Random = np.random.Generator
Mask = npt.NDArray[np.bool_]

# The second value is the factor of a drift: prices and calls go up, usage and tenure go down.
NUMBERS: dict[str, tuple[Callable[[Random, int], Floats], float]] = {
    "age": (lambda random, n: np.clip(np.rint(random.normal(46, 15, n)), 18, 95), 0.8),
    "tenure_months": (lambda random, n: np.floor(random.gamma(1.3, 24, n)), 0.5),
    "monthly_charge": (lambda random, n: np.round(random.lognormal(3.5, 0.45, n), 2), 1.4),
    "data_usage_gb": (lambda random, n: np.round(random.lognormal(2.0, 1.1, n), 3), 0.5),
    "call_minutes": (lambda random, n: np.round(random.gamma(1.6, 110, n), 1), 0.6),
    "support_calls": (lambda random, n: random.negative_binomial(0.8, 0.4, n).astype(float), 2.0),
    "dropped_calls": (lambda random, n: random.poisson(random.gamma(0.9, 2.5, n)).astype(float), 2.0),
    "late_payments": (lambda random, n: random.poisson(0.35, n).astype(float), 3.0),
    "days_since_contact": (lambda random, n: np.floor(random.exponential(70, n)), 1.8),
    "discount_percent": (lambda random, n: random.choice([0.0, 5.0, 10.0, 20.0], n, p=[0.6, 0.2, 0.15, 0.05]), 0.5),
}
FRACTIONS = ("monthly_charge", "data_usage_gb", "call_minutes")
CATEGORIES: dict[str, list[tuple[str, float, float]]] = {  # level, share, effect on the log-odds
    "plan": [("basic", 0.38, 0.35), ("plus", 0.33, 0.0), ("family", 0.2, -0.6), ("business", 0.09, -0.3)],
    "contract": [("monthly", 0.52, 0.9), ("one year", 0.3, -0.4), ("two years", 0.18, -1.3)],
    "payment": [("card", 0.45, 0.0), ("direct debit", 0.34, -0.35), ("invoice", 0.17, 0.45), ("voucher", 0.04, 0.8)],
}
HANDSETS = 300  # the last are so rare that a small data set has most of them in no training row
COLUMNS = (KEY, *NUMBERS, "paperless", *CATEGORIES, "handset", TARGET)
DRIFTING = tuple(name for name in COLUMNS if name not in (KEY, TARGET))


def chunks(first: int, end: int, seed: int, drift: Sequence[str] = ()) -> Iterator[tuple[pa.Table, Floats]]:
    """The customers from ``first`` up to ``end``, chunk by chunk, with the probability that each one leaves."""
    for number in range(first // CHUNK_ROWS, -(-end // CHUNK_ROWS)):
        table, probability = _chunk(seed, number, drift)
        low, high = max(first - number * CHUNK_ROWS, 0), min(end - number * CHUNK_ROWS, CHUNK_ROWS)
        yield table.slice(low, high - low), probability[low:high]


def _chunk(seed: int, number: int, drift: Sequence[str]) -> tuple[pa.Table, Floats]:
    streams = {name: np.random.default_rng([seed, number, at]) for at, name in enumerate(COLUMNS)}
    numbers = {name: _number(name, streams[name], name in drift) for name in NUMBERS}
    texts = {name: _category(name, streams[name], name in drift) for name in CATEGORIES}
    handset = _handset(streams["handset"], "handset" in drift)
    paperless = streams["paperless"].random(CHUNK_ROWS) < (0.2 if "paperless" in drift else 0.6)
    missing = _missing(numbers, streams)
    probability = _probability(numbers, missing, texts, handset, paperless)
    leaves = streams[TARGET].random(CHUNK_ROWS) < probability
    customers = np.char.mod("C%08d", np.arange(CHUNK_ROWS) + number * CHUNK_ROWS + 1)
    columns: dict[str, pa.Array] = {KEY: pa.array(customers)}
    for name, values in numbers.items():
        columns[name] = pa.array(values if name in FRACTIONS else values.astype(np.int64), mask=missing.get(name))
    columns["paperless"] = pa.array(paperless)
    for name, levels in texts.items():
        names = pa.array([level for level, _, _ in CATEGORIES[name]])
        columns[name] = names.take(pa.array(levels, mask=missing.get(name)))
    columns["handset"] = pa.array([f"H{at:03d}" for at in range(HANDSETS)]).take(pa.array(handset))
    columns[TARGET] = pa.array(["no", "yes"]).take(pa.array(leaves.astype(np.int8)))
    return pa.table(columns), probability


def _number(name: str, random: Random, drifts: bool) -> Floats:
    draw, factor = NUMBERS[name]
    values = draw(random, CHUNK_ROWS)
    return np.round(values * factor, 3 if name in FRACTIONS else 0) if drifts else values


def _category(name: str, random: Random, drifts: bool) -> npt.NDArray[np.int64]:
    """Drift reverses the shares: the rarest level becomes the most frequent."""
    shares = [share for _, share, _ in CATEGORIES[name]]
    codes = random.choice(len(shares), CHUNK_ROWS, p=shares)
    return len(shares) - 1 - codes if drifts else codes


def _handset(random: Random, drifts: bool) -> npt.NDArray[np.int64]:
    codes = np.minimum(random.exponential(18.0, CHUNK_ROWS).astype(np.int64), HANDSETS - 1)
    return (codes + 60) % HANDSETS if drifts else codes


def _missing(numbers: dict[str, Floats], streams: dict[str, Random]) -> dict[str, Mask]:
    """Not at random: usage of heavy users, ages of frequent callers and payments of new customers are missing more."""
    risks = {
        "age": np.where(numbers["support_calls"] > 3, 0.25, 0.06),
        "data_usage_gb": np.where(numbers["data_usage_gb"] > 20, 0.3, 0.05),
        "days_since_contact": np.where(numbers["support_calls"] == 0, 0.35, 0.02),
        "payment": np.where(numbers["tenure_months"] < 3, 0.3, 0.01),
    }
    return {name: streams[name].random(CHUNK_ROWS) < risk for name, risk in risks.items()}


def _probability(
    numbers: dict[str, Floats],
    missing: dict[str, Mask],
    texts: dict[str, npt.NDArray[np.int64]],
    handset: npt.NDArray[np.int64],
    paperless: Mask,
) -> Floats:
    masks = {name: mask for name, mask in missing.items() if name in numbers}
    visible = numbers | {name: np.where(mask, np.nan, numbers[name]) for name, mask in masks.items()}
    score = -2.55 - 1.15 * np.log1p(visible["tenure_months"] / 12)
    score += 1.5 * np.log(visible["monthly_charge"] / 33) * np.where(visible["discount_percent"] > 0, 0.4, 1.0)
    score += np.nan_to_num(-0.45 * np.log(visible["data_usage_gb"] / 7), nan=0.5)
    score += np.nan_to_num(0.018 * np.abs(visible["age"] - 45), nan=0.4)
    score += np.nan_to_num(0.5 * (visible["days_since_contact"] < 20), nan=-0.2)
    score += 0.55 * np.minimum(visible["support_calls"], 6) + 0.5 * np.minimum(visible["late_payments"], 4)
    score += 0.13 * np.minimum(visible["dropped_calls"], 10) * (visible["call_minutes"] > 120)
    score += np.where(paperless, 0.15, -0.1)
    for name, levels in texts.items():
        effects = np.array([effect for _, _, effect in CATEGORIES[name]])[levels]
        score += np.where(missing[name], 0.6, effects) if name in missing else effects
    score += 0.5 * np.sin(handset * 1.7)
    probability: Floats = 1 / (1 + np.exp(-score))
    return probability
