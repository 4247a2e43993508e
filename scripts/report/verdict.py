"""The report's first sentence: is the model any good, and is it better than what is approved?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from evaluation.document import Evaluation
from evaluation.estimates import Estimate
from evaluation.metrics import ALL, MAXIMIZE, shortfall
from report.wording import count, number, plural, quoted

GOOD, FAIR, BAD = "good", "fair", "bad"


@dataclass(frozen=True)
class Verdict:
    tone: str
    headline: str
    reading: str


def verdict(evaluation: Evaluation) -> Verdict:
    tone, baseline = _compare_with_baseline(evaluation.gate, evaluation.estimates)
    champion_tone, champion = _compare_with_champion(evaluation)
    worst = max(tone, champion_tone, key=(GOOD, FAIR, BAD).index)
    return Verdict(worst, f"{baseline}{champion}.", " ".join(_reading(evaluation)))


def _compare_with_baseline(gate: dict[str, Any], estimates: dict[str, Estimate]) -> tuple[str, str]:
    estimate = estimates[gate["metric"]]
    baseline = estimate.baseline or 0.0
    low, high = estimate.interval()
    worst, best = (low, high) if gate["direction"] == MAXIMIZE else (high, low)
    if shortfall(gate["direction"], worst, baseline) < 0:
        return GOOD, "Clearly better than a constant answer"
    if shortfall(gate["direction"], best, baseline) > 0:
        return BAD, "Worse than a constant answer"
    return FAIR, "Not clearly better than a constant answer"


def _compare_with_champion(evaluation: Evaluation) -> tuple[str, str]:
    """A difference counts when it is more than the noise of both test sides explains."""
    gate, champion = evaluation.gate, evaluation.champion
    if champion is None:
        return GOOD, ". There is no approved champion yet"
    deviation = champion.metrics[gate["metric"]].get("standard_deviation")
    champion_deviation = float(deviation) if isinstance(deviation, int | float) else 0.0
    noise = 1.96 * math.hypot(evaluation.estimates[gate["metric"]].standard_deviation, champion_deviation)
    if abs(gate["shortfall"]) <= noise:
        return GOOD, ", and on a par with the approved champion"
    if gate["shortfall"] < 0:
        return GOOD, ", and better than the approved champion"
    return BAD, ", but worse than the approved champion"


def _reading(evaluation: Evaluation) -> list[str]:
    name = evaluation.gate["metric"]
    estimate = evaluation.estimates[name]
    measure = ALL[evaluation.outcome.problem][name]
    low, high = (number(edge) for edge in estimate.interval())
    sentences = [
        f"{measure.title} is {number(estimate.value)}: {_plainly(name, evaluation)}.",
        f"With other test rows of the same kind it would most likely be between {low} and {high}.",
    ]
    if estimate.baseline is not None:
        sentences.append(f"Always giving the same answer reaches {number(estimate.baseline)} at best.")
    if evaluation.champion is not None:
        rows = evaluation.champion.rows
        origin = f", measured on {count(rows)} test rows of its own time" if rows else ""
        sentences.append(f"The champion has {number(evaluation.gate['champion'])}{origin}.")
    worse = sum(piece.worse for piece in evaluation.slices)
    if worse:
        sentences.append(
            f"It does significantly worse in {plural(worse, 'group')} of {len(evaluation.slices)}; see below."
        )
    return sentences


def _plainly(name: str, evaluation: Evaluation) -> str:
    if name != "auc":
        return ALL[evaluation.outcome.problem][name].meaning
    negative, positive = (quoted(text) for text in evaluation.outcome.classes)
    times = round(evaluation.estimates[name].value * 100)
    return f"given one {positive} row and one {negative} row, it scores the {positive} row higher {times} times in 100"
