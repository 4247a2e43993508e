import argparse

import pytest

from training.threshold_rule import Rule, parse


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("0.5", {"fixed": 0.5}),
        ("f0.5", {"beta": 0.5}),
        ("precision 0.9", {"least_precision": 0.9}),
        ("costs 1:20", {"costs": (1, 20)}),
    ],
)
def test_each_form_has_its_field(text, fields):
    assert parse(text) == Rule(text, **fields)


@pytest.mark.parametrize(
    "text", ["0", "1", "1.0", "f0", "f", "precision 0", "precision 1.1", "costs 0:1", "costs 1", "x"]
)
def test_anything_else_is_refused_with_the_forms(text):
    with pytest.raises(argparse.ArgumentTypeError, match="costs 1:20"):
        parse(text)
