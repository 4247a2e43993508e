"""The groups of data.facets side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from features import Features
from report.markup import Html, join, table, tag
from report.wording import count, number, quoted, signed

HEAD = ["Group", "Rows", "CI", "DPL"]
TEST_HEAD = ["Test rows", "DPL, test", "DPPL, predicted"]


def facet_section(features: Features, tested: Sequence[dict[str, Any]] = ()) -> Html:
    """Of the training rows, and of the test side where there is a model."""
    groups = features.details.get("facets", ())
    if not groups:
        return join()
    by_name = {(one["facet"], one["group"]): one for one in tested}
    rows = [_row(one, by_name.get((one["facet"], one["group"])), bool(features.target.classes)) for one in groups]
    head = [*HEAD, *(TEST_HEAD if tested else [])]
    shown = [name for name in head if features.target.classes or "DP" not in name]
    words = tag("p", _meaning(features, bool(tested)))
    return join(tag("h2", "Facets"), words, tag("div", table(shown, rows, "slices"), class_="card"))


def _meaning(features: Features, tested: bool) -> str:
    imbalance = (
        "Each group against all other rows, by the metrics of SageMaker Clarify. CI, class imbalance: 0 if the group "
        "has half of the rows, near 1 if it has few."
    )
    classes = features.target.classes
    if not classes:
        return (
            f"{imbalance} A regression has no labels, so the differences in their shares, DPL and DPPL, are undefined."
        )
    of = f"the share of {quoted(classes[1])}" if len(classes) == 2 else "of the label that differs most, the share"
    label = f" DPL: {of} among the others minus that in the group, so positive where the group has it less often."
    predicted = " DPPL: the same of predicted labels; where it is larger than DPL, the model widens the difference."
    return f"{imbalance}{label}{predicted if tested else ''}"


def _row(one: dict[str, Any], tested: dict[str, Any] | None, has_labels: bool) -> Html:
    cells = [
        tag("th", tag("span", one["facet"], class_="muted"), " ", tag("b", one["group"]), scope="row"),
        tag("td", count(one["rows"]), class_="number"),
        tag("td", "–" if one["CI"] is None else number(one["CI"]), class_="number"),
    ]
    cells += [_difference(one["DPL"])] if has_labels else []
    if tested:
        cells.append(tag("td", count(tested["rows"]), class_="number"))
        cells += [_difference(tested[name]) for name in ("DPL", "DPPL")] if has_labels else []
    return tag("tr", *cells)


def _difference(shares: dict[str, float]) -> Html:
    """Of several labels, the one that differs most."""
    if not shares:
        return tag("td", "–")
    label = max(shares, key=lambda name: abs(shares[name]))
    return tag("td", signed(shares[label]), tag("small", label) if len(shares) > 1 else join(), class_="number")
