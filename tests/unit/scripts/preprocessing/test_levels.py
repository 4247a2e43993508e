"""Which texts become categories and classes, decided when all training rows are counted."""

import numpy as np
import pytest

from failures import UserError
from preprocessing.levels import MAX_TEXTS, Texts, check_class_count, classes, label, levels


def counted(**rows: int) -> Texts:
    texts = Texts()
    for text, count in rows.items():
        texts.count(texts.number([text]), np.array([count]))
    return texts


def test_rare_levels_are_left_to_other():
    assert levels(counted(b=30, a=20, rare=19, never=0), 20, 10, False) == (("a", "b"), "")


def test_too_many_categories_leave_the_column_out_unless_the_settings_name_it():
    texts = counted(a=30, b=50, c=40)
    assert levels(texts, 1, 2, False) == ((), "it has 3 categories, more than 2 (data.max_levels)")
    assert levels(texts, 1, 2, True) == (("b", "c"), "")


def test_a_column_of_rare_texts_only_is_left_out():
    assert levels(counted(a=1), 2, 9, True) == ((), "no text of it is in 2 training rows (data.rare_level_rows)")


@pytest.mark.slow
def test_identifiers_do_not_fill_the_memory():
    texts = Texts()
    for start in range(0, MAX_TEXTS * 3, 50_000):
        numbers = texts.number([str(number) for number in range(start, start + 50_000)])
        texts.count(numbers, np.ones(50_000, np.int64))
    assert len(texts.numbers) <= MAX_TEXTS + 50_000
    assert levels(texts, 1, 10**9, False)[1] == "it has more than 200,000 different texts, as an identifier has"


def test_counts_of_a_text_add_up_over_blocks():
    texts = Texts()
    for block in (["a", "b"], ["b", "c"], ["a"]):
        texts.count(texts.number(block), np.full(len(block), 2))
    assert texts.known == {"a": 4, "b": 4, "c": 2}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", "1"),
        ("1.0", "1"),
        (" 01 ", "1"),
        ("1e2", "100"),
        ("0.50", "0.5"),
        ("+3", "3"),
        ("12345678901234567891", "12345678901234567891"),
        ("0" * 5000 + "7", "7"),
        ("9" * 5000, "9" * 5000),
        ("True", "true"),
        (" yes", "yes"),
        ("1_0", "1_0"),
        ("inf", "inf"),
        ("  ", None),
    ],
)
def test_one_spelling_for_each_label(text, expected):
    assert label(text) == expected


def test_classes_are_in_order_and_the_positive_one_is_last():
    assert classes(counted(yes=9, no=9), "binary", "y", "") == (("no", "yes"), False)
    assert classes(counted(yes=9, no=9), "binary", "y", "no") == (("yes", "no"), False)
    assert classes(counted(**{"10": 9, "9": 9, "-1": 9}), "multiclass", "y", "") == (("-1", "9", "10"), True)


def test_a_thousand_classes_are_no_classes():
    texts = Texts()
    texts.number([f"c{number}" for number in range(1001)])
    with pytest.raises(
        UserError, match="more than 1,000 classes, such as c0, c1, c2, c3: this looks like a regression"
    ):
        check_class_count(texts, "y")
