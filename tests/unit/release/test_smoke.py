"""Known requests in every format: what one of the writers alone gets wrong is found."""

import io
import json

import pytest

from release import smoke
from release.known_requests import parse
from release.samples import Samples
from settings.errors import Problem

ANSWER = {"label": "yes", "probabilities": {"no": 0.25, "yes": 0.75}}
PACKAGE = {
    "CustomerMetadataProperties": {"problem": "binary"},
    "InferenceSpecification": {"SupportedContentTypes": ["text/csv", "application/json"]},
}


class Endpoint:
    def __init__(self, answer):
        self.answer, self.bodies = answer, []

    def invoke_endpoint(self, ContentType, Body, **_):
        self.bodies.append(Body)
        rows = Body.count(b"basic")
        as_json = json.dumps({"predictions": [self.answer] * rows}).encode()
        body = as_json if ContentType == "application/json" else b"yes,0.75\n" * rows
        return {"Body": io.BytesIO(body), "ContentType": ContentType}


@pytest.fixture
def formats(context):
    def run(answer):
        known = parse(json.dumps({"requests": [{"body": f"{age},basic", "answer": ANSWER} for age in (3, 4)]})).requests
        context.clients["sagemaker-runtime"] = endpoint = Endpoint(answer)
        rows = smoke._rows_of(Samples(("age", "plan"), [("9", "basic")]), known)
        return list(smoke._formats(context, PACKAGE, rows, known))[:2], endpoint.bodies

    return run


def test_known_requests_are_what_is_sent_in_every_format(formats):
    lines, bodies = formats(ANSWER)
    assert lines == [
        ("text/csv: 2 rows, 2 labels with probabilities", True),
        ("application/json: 2 rows, 2 labels with probabilities", True),
    ]
    assert bodies[0] == b"3,basic\n4,basic\n"
    assert json.loads(bodies[1]) == {"instances": [{"age": "3", "plan": "basic"}, {"age": "4", "plan": "basic"}]}


@pytest.mark.planted
def test_classes_that_json_alone_swaps_are_found(formats):
    (_, good), (as_json, other) = formats({"label": "yes", "probabilities": {"yes": 0.25, "no": 0.75}})[0]
    assert (good, other) == (True, False)
    assert as_json == ("application/json: row 1: expected yes (no 0.25, yes 0.75), given yes (yes 0.25, no 0.75)")


def test_rows_of_other_columns_are_refused():
    with pytest.raises(Problem, match=r"not the columns of their header \(age, plan\)"):
        smoke._rows_of(Samples(("age", "plan"), [("9",)]), [])
