"""How a candidate's answers differ from the live model's: labels, scores, refusals, segments."""

import pytest

from release.prediction_changes import Changes, Group, Pair, compare, over_limit
from release.response_contract import Row


def binary(positive, label=None, named=True):
    label = label or ("yes" if positive >= 0.5 else "no")
    return Row(label, [1 - positive, positive], None, ["no", "yes"]) if named else Row(label, [str(positive)])


def pairs(live, candidate, plans=None):
    plans = plans or ["basic"] * len(live)
    return [Pair({"plan": plan}, *each) for plan, *each in zip(plans, live, candidate, strict=True)]


@pytest.mark.parametrize("named", [True, False])
def test_changed_labels_and_the_shift_and_largest_change_of_scores(named):
    live = [binary(score, named=named) for score in (0.1, 0.2, 0.4, 0.8)]
    candidate = [binary(score, named=named) for score in (0.1, 0.3, 0.6, 0.7)]
    whole = compare(pairs(live, candidate), "binary").whole
    assert (whole.rows, whole.changed, whole.refused, whole.share) == (4, 1, 0, 0.25)
    assert whole.shift == pytest.approx(0.05)
    assert whole.largest == pytest.approx(0.2)


def test_the_same_answers_are_no_change():
    changes = compare(pairs([binary(0.3)] * 30, [binary(0.3)] * 30, ["a", "b", "c"] * 10), "binary")
    assert changes.whole == Group("all", 30, 0, 0, 0.0, 0.0)
    assert (changes.segments, changes.largest) == ([], [])
    assert "0 labels differ from the live churn/6 (0.0%)" in changes.sentence("traffic", "churn/6")


def test_a_refused_row_is_a_changed_answer():
    changes = compare(pairs([binary(0.3)] * 4, [None, None, None, binary(0.3)]), "binary")
    assert (changes.whole.refused, changes.whole.share) == (3, 0.75)
    assert "it refuses 3 (75.0%)" in changes.sentence("traffic", "churn/6")


def test_the_worst_segments_come_first_and_small_ones_do_not_count():
    plans = ["basic"] * 40 + ["pro"] * 20 + ["rare"] * 3
    live = [binary(0.3)] * 63
    candidate = [binary(0.3)] * 38 + [binary(0.9)] * 2 + [binary(0.9)] * 10 + [binary(0.3)] * 10 + [binary(0.9)] * 3
    changes = compare(pairs(live, candidate, plans), "binary")
    assert [(each.name, each.rows, each.changed) for each in changes.segments] == [
        ("plan=pro", 20, 10),
        ("plan=basic", 40, 2),
    ]
    assert "; most in plan=pro: 10 of 20." in changes.sentence("traffic", "churn/6")


def test_numbers_are_no_segments_and_neither_are_identifiers():
    rows = [Pair({"age": str(n % 3), "id": f"C{n}", "gap": ""}, binary(0.3), binary(0.9)) for n in range(60)]
    assert compare(rows, "binary").segments == []


def test_of_many_classes_the_largest_change_counts():
    classes = ["a", "b", "c"]
    live, candidate = Row("a", [0.6, 0.3, 0.1], None, classes), Row("b", [0.1, 0.3, 0.6], None, ["c", "a", "b"])
    whole = compare(pairs([live], [candidate]), "multiclass").whole
    assert (whole.changed, whole.largest) == (1, pytest.approx(0.3))


def test_a_regression_changes_where_a_value_moves_by_a_tenth_of_the_spread():
    live = [Row(value=str(number)) for number in range(100)]
    candidate = [Row(value=number + (5 if number < 50 else 20 if number < 60 else 0)) for number in range(100)]
    changes = compare(pairs(live, candidate), "regression")
    assert (changes.whole.changed, changes.whole.largest) == (10, 20)
    assert changes.whole.shift == pytest.approx(4.5)
    assert "10 values differ" in changes.sentence("traffic", "churn/6")


def test_the_document_lists_the_largest_changes_without_the_rows_values():
    changes = compare(pairs([binary(0.3)] * 2, [binary(0.4), binary(0.9)], ["secret plan"] * 2), "binary")
    text = changes.document("captured traffic", "churn/6", "churn/7")
    assert text.startswith("churn/7 against the live churn/6\n")
    assert text.index("- row 2: no (0.7, 0.3), now yes") < text.index("- row 1: no")
    assert "secret" not in text


@pytest.mark.parametrize(
    ("changed", "limit", "refused"), [(10, 0.0, False), (1, 0.1, False), (2, 0.1, True), (0, 0.01, False)]
)
def test_a_limit_refuses_beyond_it_and_zero_is_none(changed, limit, refused):
    sentence = over_limit(Changes(Group("all", 10, changed, 0, 0.0, 0.0)), limit)
    assert bool(sentence) is refused
    if refused:
        assert sentence.startswith("20.0% of the answers differ from the live model's, more than the 10.0% of")
