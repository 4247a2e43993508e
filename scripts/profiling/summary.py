"""The profile in a few lines, for a terminal."""

from __future__ import annotations

from profiling.profile import Profile

MOST_COLUMNS, MOST_SENTENCES = 10, 8


def lines(profile: Profile, overlay: str) -> list[str]:
    target, columns = profile.features.target, profile.columns
    usable = [one for one in columns if one["taken_as"] != "target"]
    left_out = [one for one in usable if one["why"]]
    learns = f"learns from {len(usable) - len(left_out)} of {len(usable)} columns" + (", without:" * bool(left_out))
    return [
        *profile.notes,
        f'{profile.rows:,} rows; a model of "{target.name}" ({profile.features.problem}) {learns}',
        *(f"  {one['name']:<20} {one['why']}" for one in left_out[:MOST_COLUMNS]),
        *([f"  and {len(left_out) - MOST_COLUMNS} more"] if len(left_out) > MOST_COLUMNS else []),
        *(f"  {name:<20} looks like {look} (data.private)" for name, look in profile.private.items()),
        *_warnings(profile),
        *_answers(profile, overlay),
    ]


def _warnings(profile: Profile) -> list[str]:
    few = profile.few_positives
    return [] if few is None else [f"warning: {few_positives(few)}"]


def few_positives(rows: int) -> str:
    return f"only {rows} rows of the test side are positive: what is measured by them is uncertain"


def _answers(profile: Profile, overlay: str) -> list[str]:
    if not profile.answers.reasons:
        return ["no settings are missing: `make model` can train on it"]
    sentences = profile.answers.sentences
    more = len(sentences) - MOST_SENTENCES
    return [
        f"\n{len(sentences)} question{'s' if len(sentences) > 1 else ''} before a model can be trained:",
        *(f"  - {sentence}" for sentence in sentences[:MOST_SENTENCES]),
        *([f"  - and {more} more, see the page"] if more > 0 else []),
        f"\nwith these settings in {overlay} preprocess runs to its end; check each, they are suggestions:\n",
        *(line for line in profile.answers.toml().splitlines() if not line.startswith("#")),
    ]
