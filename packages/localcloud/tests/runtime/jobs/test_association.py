"""What of a record a model gets, and what of record and answer is kept."""

import pytest

from localcloud.runtime.jobs.association import CSV, JSON, JSON_LINES, BadRequest, association
from localcloud.runtime.jobs.batches import BadInput


def made(kind, split="Line", accept=None, **processing):
    source = {"ContentType": kind, "SplitType": split}
    return association(
        {"DataProcessing": processing, "TransformInput": source, "TransformOutput": {"Accept": accept or kind}}
    )


def test_nothing_to_do():
    assert made("image/png") is None
    assert made("image/png", InputFilter="$", OutputFilter="", JoinSource="None") is None


def test_csv_loses_its_id_for_the_model_and_gets_the_prediction_beside_it():
    processing = made(CSV, InputFilter="$[1:]", JoinSource="Input", OutputFilter="$[0,-1]")
    body = b'7,"a, b",1\n8,c,2\r\n\n'
    assert processing.sent(body) == b'"a, b",1\nc,2\n'
    assert processing.kept(body, b"0.5\n0.9") == b"7,0.5\n8,0.9\n"


def test_all_columns_are_kept_without_a_filter():
    assert made(CSV, JoinSource="Input").kept(b"1,2\n", b"0.5,yes\n") == b"1,2,0.5,yes\n"


def test_one_column_alone():
    assert made(CSV, OutputFilter="$[1]").kept(b"1\n2\n", b"0.5,yes\n0.1,no\n") == b"yes\nno\n"


def test_json_lines_get_a_key_each():
    processing = made(JSON_LINES, InputFilter="$.x", JoinSource="Input", OutputFilter="$['id','SageMakerOutput']")
    body = '{"id":1,"x":[1,"é\u2028"]}\n{"id":2,"x":[2]}\n'.encode()
    assert processing.sent(body) == '[1,"é\u2028"]\n[2]\n'.encode()
    kept = processing.kept(body, b'{"p":0.5}\n0.9\n')
    assert kept == b'{"id":1,"SageMakerOutput":{"p":0.5}}\n{"id":2,"SageMakerOutput":0.9}\n'


def test_json_that_is_no_object_becomes_one():
    kept = made(JSON_LINES, JoinSource="Input").kept(b"[1,2]\n", b"0.5")
    assert kept == b'{"SageMakerInput":[1,2],"SageMakerOutput":0.5}\n'


def test_a_whole_document_is_one_record():
    processing = made(JSON, split="None", InputFilter="$.x", JoinSource="Input")
    assert processing.sent(b'{\n "x": [1]\n}') == b"[1]"
    assert processing.kept(b'{\n "x": [1]\n}', b'{\n "p": 1\n}') == b'{"x":[1],"SageMakerOutput":{"p":1}}'


def test_the_answer_to_one_line_may_have_several():
    assert made(JSON, JoinSource="Input").kept(b"{}\n", b'{\n"p":1}') == b'{"SageMakerOutput":{"p":1}}\n'


@pytest.mark.parametrize(
    ("kind", "body", "answer", "words"),
    [
        (CSV, b"1\n2\n", b"0.5\n", "1 records to 2"),
        (CSV, b"1\n", b"0.5\n0.6\n", "2 records to 1"),
        (JSON_LINES, b"{}\n", b"yes", "no JSON"),
        (JSON_LINES, b"{\n", b"1", "no JSON"),
        (CSV, b"\xff\n", b"1\n", "not UTF-8"),
        (CSV, b'"a\n', b"1\n", "no row of CSV"),
    ],
)
def test_what_cannot_be_associated(kind, body, answer, words):
    with pytest.raises(BadInput, match=words):
        made(kind, JoinSource="Input").kept(body, answer)


def test_a_filter_that_does_not_fit():
    with pytest.raises(BadInput, match="does not fit"):
        made(CSV, InputFilter="$[4]").sent(b"1,2\n")


@pytest.mark.parametrize(
    ("kind", "accept", "processing", "words"),
    [
        ("image/png", None, {"JoinSource": "Input"}, "must be the same"),
        ("", None, {"JoinSource": "Input"}, "missing"),
        (CSV, JSON, {"JoinSource": "Input"}, "text/csv and application/json"),
        (CSV, None, {"InputFilter": "1:"}, "begin with"),
        (CSV, None, {"OutputFilter": "$[?]"}, "with commas"),
    ],
)
def test_what_is_refused(kind, accept, processing, words):
    with pytest.raises(BadRequest, match=words):
        made(kind, accept=accept, **processing)


def test_parameters_of_a_type_do_not_matter():
    assert made("text/csv; charset=utf-8", accept="text/CSV", JoinSource="Input").kept(b"1\n", b"2\n") == b"1,2\n"
