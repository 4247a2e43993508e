"""Every known request is sent once, and every answer that is not the evaluated model's fails."""

import io
import json

import pytest
from botocore.exceptions import ClientError

from release.known_answers import ALONE, BATCH, SHOWN, check_answers
from release.known_requests import KnownRequests, parse

URI = "s3://bucket/sample_answers.json"


def promise(row):
    score = int(row.split(",")[0]) / 1000
    return {"label": "yes" if score > 0.1 else "no", "probabilities": {"no": 1 - score, "yes": score}}


@pytest.fixture
def known():
    rows = [f"{number},basic" for number in range(200)]
    requests = [{"body": row, "answer": promise(row), "covers": ["plan is basic"]} for row in rows]
    return parse(json.dumps({"requests": requests}), URI)


class Endpoint:
    """Answers in CSV, row by row, by ``answer``; an exception of it is an error of the model."""

    def __init__(self, answer):
        self.answer, self.requests = answer, []

    def invoke_endpoint(self, ContentType, Body, InferenceId, **_):
        rows = Body.decode().splitlines()
        self.requests.append(rows)
        assert (ContentType, InferenceId) == ("text/csv", "known-request")
        try:
            text = "".join(self.answer(row) for row in rows)
        except ArithmeticError as error:
            response = {"Error": {"Code": "ModelError"}, "OriginalStatusCode": 500, "OriginalMessage": str(error)}
            raise ClientError(response, "InvokeEndpoint") from error
        return {"Body": io.BytesIO(text.encode()), "ContentType": "text/csv; charset=utf-8"}


def right(row):
    answer = promise(row)
    return f"{answer['label']},{answer['probabilities']['yes']:.7f}\n"


@pytest.fixture
def check(context, known):
    def run(answer):
        context.clients["sagemaker-runtime"] = endpoint = Endpoint(answer)
        return list(check_answers(context, known)), endpoint.requests

    return run


def test_each_is_sent_once_some_alone_and_the_others_in_batches(check, known):
    lines, requests = check(right)
    assert lines == [("known requests: all 200 answers are the evaluated model's", True)]
    assert sorted(row for rows in requests for row in rows) == sorted(one.body.decode() for one in known.requests)
    assert {len(rows) for rows in requests} == {1, BATCH, (200 - 200 // ALONE) % BATCH}


@pytest.mark.planted
def test_the_first_differences_are_shown_and_all_are_counted(check):
    lines, _ = check(lambda row: "no,0.05\n")
    assert not any(good for _, good in lines)
    shown = [line for line, _ in lines]
    assert len(shown) == SHOWN + 1
    assert shown[0] == (
        "row 1 (plan is basic): expected no (no 1.0, yes 0.0), given no (yes 0.05); the row is '0,basic'"
    )
    assert shown[-1] == f"known requests: 199 of 200 answers are not the evaluated model's; {URI} has them"


@pytest.mark.planted
def test_one_wrong_answer_of_all_fails(check):
    lines, _ = check(lambda row: right(row) if not row.startswith("137,") else "no,0.137\n")
    assert [line.split(";")[0] for line, good in lines if not good] == [
        "row 138 (plan is basic): expected yes (no 0.863, yes 0.137), given no (yes 0.137)",
        "known requests: 1 of 200 answers are not the evaluated model's",
    ]


@pytest.mark.planted
def test_a_row_that_gets_no_answer_is_found_within_its_batch_and_the_rest_is_not_sent(check):
    def answer(row):
        if row.startswith("7,"):
            raise ArithmeticError("division by zero")
        return right(row)

    lines, requests = check(answer)
    assert [line for line, good in lines if not good] == [
        "rows 2 to 53 in one request: status 500: division by zero",
        "row 8 alone: status 500: division by zero; the row is '7,basic'",
        f"known requests: a response was no answer, so the rest of 200 was not sent; {URI} has them",
    ]
    assert sum(map(len, requests)) < 80


@pytest.mark.planted
@pytest.mark.parametrize(("text", "sentence"), [("", "0 came back"), ("yes,0\nyes,0\n", "2 came back")])
def test_a_response_of_another_number_of_rows_fails(check, text, sentence):
    lines, requests = check(lambda row: text)
    assert lines[0] == (f"row 1 alone: 1 rows were sent and {sentence}; the row is '0,basic'", False)
    assert len(requests) == 1


@pytest.mark.planted
def test_an_answer_that_depends_on_the_rows_beside_it_fails(check):
    """Such as a feature that is scaled by the mean of its request."""
    seen = []

    def answer(row):
        seen.append(row)
        return right(row) if len(seen) <= 200 // ALONE else right(row).replace("0.", "0.0")

    lines, _ = check(answer)
    assert not lines[-1][1]


def test_no_batch_is_larger_than_a_request_may_be(context, check):
    serving = context.settings.serving.model_copy(update={"max_payload_bytes": 100})
    object.__setattr__(context, "settings", context.settings.model_copy(update={"serving": serving}))
    lines, requests = check(right)
    assert lines[-1][1]
    sizes = {sum(len(row) + 1 for row in rows) for rows in requests}
    assert 90 < max(sizes) <= 100


def test_a_file_without_requests_says_so(context):
    assert list(check_answers(context, KnownRequests(uri=URI))) == [
        (f"known requests: {URI} holds none, so no prediction was compared", True)
    ]


def test_a_package_without_answers_is_no_fault_and_one_whose_answers_cannot_be_read_is(context):
    assert list(check_answers(context, KnownRequests())) == []
    assert list(check_answers(context, KnownRequests(fault=f"{URI} cannot be read"))) == [
        (f"{URI} cannot be read", False)
    ]
