"""The report's heading: does the model pass the quality gate, is it any good, and better than production's?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evaluation.document import Evaluation
from evaluation.estimates import Estimate
from evaluation.gate import FAIL, IMPOSSIBLE, NONE, PASS
from evaluation.metrics import ALL, MAXIMIZE, shortfall
from report.wording import count, number, plural, quoted, signed

GOOD, FAIR, BAD = "good", "fair", "bad"


@dataclass(frozen=True)
class Verdict:
    tone: str
    headline: str
    reading: str


def verdict(evaluation: Evaluation) -> Verdict:
    tone, baseline = _compare_with_baseline(evaluation.gate, evaluation.estimates)
    champion_tone, champion = _compare_with_champion(evaluation)
    passes, headline = _gate(evaluation.gate)
    doubtful = FAIR in (tone, champion_tone) or tone == BAD
    return Verdict(
        BAD if not passes else FAIR if doubtful else GOOD,
        headline,
        " ".join([f"{baseline}{champion}.", *_reading(evaluation)]),
    )


def _gate(gate: dict[str, Any]) -> tuple[bool, str]:
    """The verdict of the pipeline's condition, and what decides: the threshold first."""
    if gate["threshold_verdict"] == FAIL:
        return False, f"Does not pass the quality gate: {gate['threshold_reason']}."
    if gate["champion_verdict"] == PASS:
        return True, f"Passes the quality gate: {gate['threshold_reason']}."
    impossible = gate["comparison"] == IMPOSSIBLE
    champion = (
        "production's model cannot score these rows"
        if impossible
        else "it may be too much worse than production's model"
    )
    return False, f"Does not pass the quality gate: {champion}."


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
    """Better or worse is said of a difference whose whole interval is on one side; its worse end decides."""
    gate = evaluation.gate
    if gate["comparison"] == NONE:
        return GOOD, ". There is no model in production yet"
    failed = gate["champion_verdict"] == FAIL
    if gate["comparison"] == IMPOSSIBLE:
        return (BAD if failed else FAIR), ". It was compared with nobody: production's model cannot score these rows"
    best, worst = sorted(shortfall(gate["direction"], edge, 0.0) for edge in gate["difference_confidence_interval"])
    if failed:
        return BAD, f", but {'' if best > 0 else 'perhaps too much '}worse than production's model"
    relation = "better than" if worst < 0 else "slightly worse than" if best > 0 else "on a par with"
    return GOOD, f", and {relation} production's model"


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
    sentences += _against_champion(evaluation.gate)
    worse = sum(piece.worse for piece in evaluation.slices)
    if worse:
        sentences.append(
            f"It does significantly worse in {plural(worse, 'group')} of {len(evaluation.slices)}; see below."
        )
    return sentences


def _against_champion(gate: dict[str, Any]) -> list[str]:
    allowed = "passes" if gate["champion_verdict"] == PASS else "does not pass"
    if gate["comparison"] == IMPOSSIBLE:
        return [f"The gate {allowed} it as quality_gate.champion_unscorable says: {gate['champion_reason']}."]
    if gate["comparison"] == NONE:
        return []
    name = f" ({gate['champion_package']})" if gate["champion_package"] else ""
    low, high = gate["difference_confidence_interval"]
    return [
        f"Production's model{name} has {number(gate['champion'])} on the same {count(gate['rows'])} rows: the "
        f"difference is {signed(gate['difference'])}, most likely between {signed(low)} and {signed(high)}.",
        f"It {allowed} the gate: at the worse end of that it may be {number(max(gate['worst_shortfall'], 0.0))} worse, "
        f"and {number(gate['champion_tolerance'])} is tolerated.",
    ]


def _plainly(name: str, evaluation: Evaluation) -> str:
    if name != "auc":
        return ALL[evaluation.outcome.problem][name].meaning
    negative, positive = (quoted(text) for text in evaluation.outcome.classes)
    times = round(evaluation.estimates[name].value * 100)
    return f"given one {positive} row and one {negative} row, it scores the {positive} row higher {times} times in 100"
