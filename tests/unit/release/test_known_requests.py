"""What a package promises, and when a given answer differs from it."""

import json

import pytest

from release.known_requests import compare, difference, parse, read
from release.response_contract import Row, Violation

BINARY = {"label": "yes", "probabilities": {"no": 0.25, "yes": 0.75}}
MANY = {"label": 3, "probabilities": {"1": 0.2, "2": 0.3, "3": 0.5}}
VALUE = {"value": 1234.5}


def request(answer, covers=()):
    [one] = parse(json.dumps({"requests": [{"body": "3,basic", "answer": answer, "covers": covers}]})).requests
    return one


def as_json(answer):
    return json.dumps({"predictions": [answer]}).encode()


@pytest.mark.parametrize(
    ("answer", "response", "content_type"),
    [
        (BINARY, b"yes,0.75\n", "text/csv"),
        (BINARY, b"yes,0.7500005\n", "text/csv; charset=utf-8"),
        (BINARY, b"yes,0.25,0.75\n", "text/csv"),
        (BINARY, as_json(BINARY), "application/json"),
        (BINARY, as_json({"label": "yes", "probabilities": {"yes": 0.75, "no": 0.25}}), "application/json"),
        (BINARY, as_json({"label": "yes", "probabilities": {"yes": 0.75}}), "application/json"),
        (MANY, b"3,0.2,0.3,0.5\n", "text/csv"),
        (MANY, json.dumps(MANY).encode(), "application/jsonlines"),
        (MANY, b"3.0,0.2,0.3,0.5\n", "text/csv"),
        (VALUE, b"1234.51\n", "text/csv"),
        (VALUE, as_json({"value": 1234.5}), "application/json"),
        ({"value": 0.0}, b"1e-07\n", "text/csv"),
    ],
)
def test_equal_within_the_tolerance(answer, response, content_type):
    assert compare([request(answer)], response, content_type) == [""]


@pytest.mark.parametrize(
    ("answer", "response", "content_type"),
    [
        (BINARY, b"yes,0.7501\n", "text/csv"),
        (BINARY, b"no,0.75\n", "text/csv"),
        (BINARY, b"yes,0.25\n", "text/csv"),
        (BINARY, b"yes\n", "text/csv"),
        (BINARY, b"yes,nan\n", "text/csv"),
        (BINARY, b"yes,0.1,0.25,0.75\n", "text/csv"),
        (BINARY, as_json({"label": "yes", "probabilities": {"yes": 0.25, "no": 0.75}}), "application/json"),
        (BINARY, as_json({"label": "yes", "probabilities": {"no": 0.25}}), "application/json"),
        (BINARY, as_json({"label": "yes", "probabilities": {"no": 0.25, "yes": True}}), "application/json"),
        (
            {"label": "yes", "probabilities": {"no": 0.0, "yes": 1.0}},
            as_json({"label": "yes", "probabilities": {"no": 0.0, "yes": True}}),
            "application/json",
        ),
        (BINARY, as_json({"probabilities": BINARY["probabilities"]}), "application/json"),
        (BINARY, as_json(VALUE), "application/json"),
        (MANY, b"3,0.3,0.2,0.5\n", "text/csv"),
        (MANY, b"3,0.3,0.5\n", "text/csv"),
        (MANY, as_json({"label": 3, "probabilities": {"1": 0.2, "2": 0.3, "4": 0.5}}), "application/json"),
        (VALUE, b"1234.6\n", "text/csv"),
        (VALUE, b"high\n", "text/csv"),
        (VALUE, as_json({"value": None}), "application/json"),
        (VALUE, as_json(BINARY), "application/json"),
    ],
)
def test_different(answer, response, content_type):
    [sentence] = compare([request(answer)], response, content_type)
    assert sentence.startswith("row 1: expected ")
    assert ", given " in sentence


def test_a_difference_names_the_row_what_it_covers_and_both_answers_but_not_the_row_itself():
    assert difference(request(BINARY, ["plan is unknown"]), Row("no", ["0.1"])) == (
        "row 1 (plan is unknown): expected yes (no 0.25, yes 0.75), given no (yes 0.1)"
    )
    assert difference(request(VALUE), Row(value="7")) == "row 1: expected 1234.5, given 7"
    assert difference(request(BINARY), Row("yes")).endswith("given yes (no probabilities)")


def test_a_response_of_another_number_of_rows_is_no_answer():
    with pytest.raises(Violation, match="1 rows were sent and 2 came back"):
        compare([request(BINARY)], b"yes,0.75\nyes,0.75\n", "text/csv")


@pytest.fixture
def package():
    return {"CustomerMetadataProperties": {"sample_answers": "s3://bucket/sample_answers.json"}}


def test_read(context, s3, package):
    document = {"model": "0" * 64, "content_type": "text/csv", "requests": [{"body": "3;ä", "answer": BINARY}]}
    s3.objects["sample_answers.json"] = json.dumps(document).encode()
    known = read(context, package)
    assert (known.content_type, known.uri, known.fault) == ("text/csv", "s3://bucket/sample_answers.json", "")
    assert [(one.number, one.body, one.problem) for one in known.requests] == [(1, "3;ä".encode(), "binary")]
    assert context.lines == []


def test_a_package_without_answers_says_so_and_is_no_fault(context):
    known = read(context, {})
    assert (known.requests, known.fault) == ((), "")
    assert context.lines == [
        "the package names no sample_answers: predictions cannot be compared with the evaluated model's"
    ]


@pytest.mark.parametrize(
    "text", [None, b"[", b"[]", b'{"requests": [{"body": "1", "answer": {}}]}', b'{"requests": [{"body": "1"}]}']
)
def test_answers_that_the_package_names_and_that_cannot_be_read_are_a_fault(context, s3, package, text):
    if text:
        s3.objects["sample_answers.json"] = text
    known = read(context, package)
    assert not known.requests
    assert known.fault.startswith("s3://bucket/sample_answers.json cannot be read (")
    assert context.lines == [f"predictions cannot be compared with the evaluated model's, because {known.fault}"]
