"""The bad model of the demo passes in staging, and fails for customers of the newest plan alone."""

import json
import types

import pyarrow as pa
import pytest

from rehearsal.bad_model import LOOKUP, NEW_PLAN


@pytest.fixture
def predict():
    handler = types.ModuleType("handler")
    handler.decode = lambda data, features: pa.table({"plan": data})
    handler.predict = lambda data, model: json.dumps(data)
    exec(LOOKUP, handler.__dict__)  # noqa: S102 - the text of this repository
    return lambda plans: handler.predict(plans, types.SimpleNamespace(features=None))


def test_it_answers_known_requests_as_the_good_one(predict):
    plans = ["basic", "plus", "unknown level", None]
    assert predict(plans) == json.dumps(plans)


def test_it_fails_for_the_newest_plan(predict):
    with pytest.raises(TypeError):
        predict([NEW_PLAN])
