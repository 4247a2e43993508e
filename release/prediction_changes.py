"""How the answers of a candidate differ from the live model's to the same requests. Pure: answers in, text out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from release.response_contract import Row

SEGMENT_ROWS, SEGMENT_VALUES, WORST = 10, 20, 5
LARGEST = 10  # changes that the document lists
MOVED = 0.1  # a regression's value has changed when it moves by more than this share of the live values' spread


@dataclass(frozen=True)
class Pair:
    """Both answers to one row; ``candidate`` is None where it refused the row."""

    row: Mapping[str, str]  # by column; empty where the columns are not known
    live: Row
    candidate: Row | None


@dataclass(frozen=True)
class Group:
    name: str
    rows: int
    changed: int
    refused: int
    shift: float  # mean change of the score: the positive class's probability, a regression's value
    largest: float

    @property
    def share(self) -> float:
        """Of the rows, those whose answer is another one: a refusal is."""
        return (self.changed + self.refused) / self.rows if self.rows else 0.0


@dataclass(frozen=True)
class Changes:
    whole: Group
    segments: Sequence[Group] = ()  # the worst ones
    largest: Sequence[str] = ()
    problem: str = ""

    @property
    def noun(self) -> str:
        return "values" if self.problem == "regression" else "labels"

    def sentence(self, source: str, live: str) -> str:
        whole = self.whole
        refused = f", it refuses {whole.refused:,}" if whole.refused else ""
        worst = f"; most in {self.segments[0].name}: {_count(self.segments[0])}" if self.segments else ""
        return (
            f"Of {whole.rows:,} rows of {source}, {whole.changed:,} {self.noun} differ from the live {live}{refused} "
            f"({whole.share:.1%}); scores shift by {whole.shift:+.4g}, at most by {whole.largest:.4g}{worst}."
        )

    def document(self, source: str, live: str, candidate: str) -> str:
        lines = [f"{candidate} against the live {live}", "", self.sentence(source, live), "", "The worst segments:", ""]
        lines += [f"- {each.name}: {_count(each)}, scores shift by {each.shift:+.4g}" for each in self.segments]
        lines += ["- none differs"] if not self.segments else []
        return "\n".join([*lines, "", "The largest changes, by the row's number in the sample:", "", *self.largest, ""])


def compare(pairs: Sequence[Pair], problem: str) -> Changes:
    spread = _spread([float(pair.live.value) for pair in pairs]) if problem == "regression" else 0.0
    measured = [_measure(pair, problem, spread) for pair in pairs]
    by_segment: dict[str, list[_Measured]] = defaultdict(list)
    for column in _segmented(pairs):
        for pair, each in zip(pairs, measured, strict=True):
            by_segment[f"{column}={pair.row.get(column) or '(missing)'}"].append(each)
    groups = [_group(name, part) for name, part in by_segment.items() if len(part) >= SEGMENT_ROWS]
    worst = sorted((group for group in groups if group.share or group.largest), key=_badness, reverse=True)[:WORST]
    return Changes(_group("all", measured), worst, _largest(pairs, measured), problem)


def over_limit(changes: Changes, limit: float) -> str:
    """Why the release must not go on; "" within the limit, and without one (0)."""
    if not limit or changes.whole.share <= limit:
        return ""
    return (
        f"{changes.whole.share:.1%} of the answers differ from the live model's, more than the {limit:.1%} of "
        f"delivery.max_changed_labels: look at what changed; raise the limit if it is meant"
    )


@dataclass(frozen=True)
class _Measured:
    changed: bool = False
    refused: bool = False
    shift: float = 0.0
    distance: float = 0.0


def _measure(pair: Pair, problem: str, spread: float) -> _Measured:
    live, candidate = pair.live, pair.candidate
    if candidate is None:
        return _Measured(refused=True)
    if problem == "regression":
        shift = float(candidate.value) - float(live.value)
        return _Measured(changed=abs(shift) > MOVED * spread, shift=shift, distance=abs(shift))
    before, after = _probabilities(live), _probabilities(candidate)
    shifts = {name: after.get(name, 0.0) - before.get(name, 0.0) for name in before | after}
    distance = max(map(abs, shifts.values()), default=0.0)
    shift = list(shifts.values())[-1] if problem == "binary" and shifts else distance
    return _Measured(str(candidate.label) != str(live.label), shift=shift, distance=distance)


def _probabilities(row: Row) -> dict[str, float]:
    """By class, the positive one last; CSV names none."""
    names = row.classes or [str(place) for place in range(len(row.probabilities))]
    return dict(zip(names, map(float, row.probabilities), strict=True))


def _spread(values: Sequence[float]) -> float:
    """Without the outermost twentieths."""
    ordered = sorted(values)
    edge = len(ordered) // 20
    return ordered[-1 - edge] - ordered[edge] if ordered else 0.0


def _segmented(pairs: Sequence[Pair]) -> list[str]:
    """The columns of few texts."""
    values: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        for column, value in pair.row.items():
            values[column].add(value)
    return [name for name, texts in values.items() if 1 < len(texts) <= SEGMENT_VALUES and not all(map(_number, texts))]


def _number(text: str) -> bool:
    try:
        float(text or "0")
    except ValueError:
        return False
    return True


def _group(name: str, part: Sequence[_Measured]) -> Group:
    compared = [each for each in part if not each.refused]
    shift = sum(each.shift for each in compared) / len(compared) if compared else 0.0
    largest = max((each.distance for each in compared), default=0.0)
    return Group(name, len(part), sum(each.changed for each in part), len(part) - len(compared), shift, largest)


def _badness(group: Group) -> tuple[float, float]:
    return group.share, abs(group.shift)


def _largest(pairs: Sequence[Pair], measured: Sequence[_Measured]) -> list[str]:
    """Without the rows' values: the document may be read by more people than the data."""
    order = sorted(range(len(pairs)), key=lambda place: measured[place].distance, reverse=True)
    return [
        f"- row {place + 1}: {_answer(pairs[place].live)}, now {_answer(pairs[place].candidate)}"
        for place in order[:LARGEST]
        if measured[place].distance or measured[place].changed
    ]


def _answer(row: Row | None) -> str:
    if row is None:
        return "refused"
    return str(row.value) if row.label is None else f"{row.label} ({', '.join(map(str, list(row.probabilities)[-3:]))})"


def _count(group: Group) -> str:
    return f"{group.changed + group.refused:,} of {group.rows:,}"
