"""data.html: a data set for a person, before anything is trained: what preprocess takes each column as, how its values
are distributed, and the settings that it needs. One file without scripts or external resources.
"""

from __future__ import annotations

from collections.abc import Sequence

from features import Column
from profiling.profile import Profile
from profiling.summary import few_positives
from report.column_table import MAX_ROWS, column_table, used_columns
from report.distributions import class_bars, small_picture, value_histogram
from report.document import document, facts, figure
from report.facet_table import facet_section
from report.markup import Html, join, tag
from report.wording import count, percent, plural, quoted

OF_TRAINING_ROWS = "Distributions are of the training rows; the others stay unseen, as they will measure the model."


def page(profile: Profile, overlay: str) -> str:
    name = profile.features.target.name
    return document(
        f"Data profile: {name}",
        _header(profile),
        _questions(profile, overlay),
        _remarks(profile),
        _target(profile),
        facet_section(profile.features),
        _columns(profile),
        _footer(),
    )


def _header(profile: Profile) -> Html:
    questions = len(profile.answers.sentences)
    tone = "fair" if questions or profile.few_positives is not None else "good"
    headline = (
        f"{plural(questions, 'question')} before a model can be trained"
        if questions
        else "A model can be trained on it"
    )
    reading = (
        "With the settings below the step Preprocess runs to its end, as it did for this page."
        if questions
        else "The step Preprocess runs to its end with the settings as they are."
    )
    name = profile.features.target.name
    return tag(
        "header",
        tag("p", f"Data profile · predicting {name}", class_="eyebrow"),
        tag("div", tag("h1", headline), tag("p", reading, class_="lead"), class_=f"verdict {tone}"),
        facts(_facts(profile)),
    )


def _facts(profile: Profile) -> list[tuple[str, str]]:
    sides = profile.features.details["rows"]
    split = " / ".join(count(sides[side]) for side in ("train", "validation", "test"))
    rejected = profile.rejected["rejected"]
    found = [
        ("Rows", count(profile.rows)),
        ("Training / validation / test", split),
        ("Problem", profile.features.problem),
        ("Columns used", used_columns(profile.features)),
    ]
    return [*found, ("Rows that cannot be used", count(rejected))] if rejected else found


def _questions(profile: Profile, overlay: str) -> Html:
    answers = profile.answers
    if not answers.reasons:
        return join()
    words = (
        f"Suggestions, each with what asks for it: check them, and add them to {overlay}, or to config/base.toml if "
        "they hold everywhere. Where the file has a section already, the lines go below its heading."
    )
    code = tag("pre", tag("code", answers.toml()), class_="card")
    return join(tag("h2", "Settings that it needs"), tag("p", words), code)


def _remarks(profile: Profile) -> Html:
    """What nothing stops at, and a person should know."""
    found = [*profile.notes, *_private(profile)]
    if profile.few_positives is not None:
        found.append(f"{few_positives(profile.few_positives).capitalize()}.")
    rejected, rows = profile.rejected["rejected"], profile.rows
    if rejected:
        reasons = "; ".join(f"{group} ({plural(times, 'row')})" for group, times in _first(profile.rejected["reasons"]))
        found.append(f"{percent(rejected / rows)} of the rows cannot be used: {reasons}.")
    if not found:
        return join()
    return join(tag("h2", "Worth a look"), tag("ul", *(tag("li", each) for each in found), class_="card remarks"))


def _first(reasons: dict[str, int]) -> Sequence[tuple[str, int]]:
    return list(reasons.items())[:5]


def _private(profile: Profile) -> list[str]:
    return [
        f"The column {quoted(name)} looks like {look}: data.private can drop, hash or mask it before anything is "
        "stored, or keep it if it only looks so."
        for name, look in profile.private.items()
    ]


def _target(profile: Profile) -> Html:
    target = profile.features.target
    words = f"What is predicted, in {count(profile.features.details['rows']['train'])} training rows."
    if target.classes:
        picture = class_bars(profile.classes["train"])
    else:
        picture = value_histogram(profile.statistics[target.name], target.name)
    return tag("div", figure(f"The target: {target.name}", picture, words), class_="figures")


def _columns(profile: Profile) -> Html:
    hidden = len(profile.columns) - MAX_ROWS
    rest = f" The other {count(hidden)} columns are not shown." if hidden > 0 else ""
    words = (
        f"A model would learn from {used_columns(profile.features)} columns. {OF_TRAINING_ROWS} "
        f"What is left out, and the range of dates, is described by a sample.{rest}"
    )
    table = column_table(profile.columns, _pictures(profile))
    return join(tag("h2", "Column by column"), tag("p", words), tag("div", table, class_="card"))


def _pictures(profile: Profile) -> dict[str, Html]:
    pictures: dict[str, list[Html]] = {}
    for column in profile.features.columns:
        name = column.date.column if column.date else column.name
        pictures.setdefault(name, []).append(_picture(profile, column))
    target = profile.features.target.name
    whole = tag("div", small_picture(profile.statistics[target]), class_="spark")
    return {name: join(*found) for name, found in pictures.items()} | {target: whole}


def _picture(profile: Profile, column: Column) -> Html:
    label = tag("small", column.date.part) if column.date else join()
    return tag("div", label, small_picture(profile.statistics[column.name]), class_="spark")


def _footer() -> Html:
    words = "Nothing was uploaded or trained: every row was read on this machine, by the code of the step Preprocess."
    return tag("footer", tag("p", words))
