"""Which part of a record a model gets, and which part of record and prediction is the output."""

import pytest

from localcloud.runtime.jobs.association import CSV, JSON, JSON_LINES, InvalidRequest, association
from localcloud.runtime.jobs.batches import InvalidInput


def associate(kind, split="Line", accept=None, assembly=None, **processing):
    source = {"ContentType": kind, "SplitType": split}
    output = {"Accept": accept or kind, "AssembleWith": assembly or split}
    return association({"DataProcessing": processing, "TransformInput": source, "TransformOutput": output})


def test_nothing_to_do():
    assert associate("image/png") is None
    assert associate("image/png", InputFilter="$", OutputFilter="", JoinSource="None") is None


def test_csv_loses_its_id_for_the_model_and_gets_the_prediction_beside_it():
    processing = associate(CSV, InputFilter="$[1:]", JoinSource="Input", OutputFilter="$[0,-1]")
    body = b'7,"a, b",1\n8,c,2\r\n\n'
    assert processing.model_input(body) == b'"a, b",1\nc,2\n'
    assert processing.output(body, b"0.5\n0.9") == b"7,0.5\n8,0.9\n"


def test_without_a_filter_all_columns_are_in_the_output():
    assert associate(CSV, JoinSource="Input").output(b"1,2\n", b"0.5,yes\n") == b"1,2,0.5,yes\n"


def test_one_column_alone():
    assert associate(CSV, OutputFilter="$[1]").output(b"1\n2\n", b"0.5,yes\n0.1,no\n") == b"yes\nno\n"


def test_json_lines_get_a_key_each():
    processing = associate(JSON_LINES, InputFilter="$.x", JoinSource="Input", OutputFilter="$['id','SageMakerOutput']")
    body = '{"id":1,"x":[1,"é\u2028"]}\n{"id":2,"x":[2]}\n'.encode()
    assert processing.model_input(body) == '[1,"é\u2028"]\n[2]\n'.encode()
    output = processing.output(body, b'{"p":0.5}\n0.9\n')
    assert output == b'{"id":1,"SageMakerOutput":{"p":0.5}}\n{"id":2,"SageMakerOutput":0.9}\n'


def test_json_that_is_not_an_object_becomes_one():
    output = associate(JSON_LINES, JoinSource="Input").output(b"[1,2]\n", b"0.5")
    assert output == b'{"SageMakerInput":[1,2],"SageMakerOutput":0.5}\n'


def test_a_whole_document_is_one_record():
    processing = associate(JSON, split="None", InputFilter="$.x", JoinSource="Input")
    assert processing.model_input(b'{\n "x": [1]\n}') == b"[1]"
    assert processing.output(b'{\n "x": [1]\n}', b'{\n "p": 1\n}') == b'{"x":[1],"SageMakerOutput":{"p":1}}'


def test_the_response_to_one_line_may_have_several():
    assert associate(JSON, JoinSource="Input").output(b"{}\n", b'{\n"p":1}') == b'{"SageMakerOutput":{"p":1}}\n'


@pytest.mark.parametrize(
    ("kind", "body", "response", "message"),
    [
        (CSV, b"1\n2\n", b"0.5\n", "1 records to 2"),
        (CSV, b"1\n", b"0.5\n0.6\n", "2 records to 1"),
        (JSON_LINES, b"{}\n", b"yes", "not JSON"),
        (JSON_LINES, b"{\n", b"1", "not JSON"),
        (CSV, b"\xff\n", b"1\n", "not UTF-8"),
        (CSV, b'"a\n', b"1\n", "not a row of CSV"),
    ],
)
def test_what_cannot_be_associated(kind, body, response, message):
    with pytest.raises(InvalidInput, match=message):
        associate(kind, JoinSource="Input").output(body, response)


def test_a_filter_that_does_not_fit():
    with pytest.raises(InvalidInput, match="does not fit"):
        associate(CSV, InputFilter="$[4]").model_input(b"1,2\n")


@pytest.mark.parametrize(
    ("kind", "accept", "processing", "message"),
    [
        ("image/png", None, {"JoinSource": "Input"}, "must be the same"),
        ("", None, {"JoinSource": "Input"}, "missing"),
        (CSV, JSON, {"JoinSource": "Input"}, "text/csv and application/json"),
        (CSV, None, {"InputFilter": "1:"}, "begin with"),
        (CSV, None, {"OutputFilter": "$[?]"}, "with commas"),
    ],
)
def test_what_is_refused(kind, accept, processing, message):
    with pytest.raises(InvalidRequest, match=message):
        associate(kind, accept=accept, **processing)


@pytest.mark.parametrize(("split", "assembly"), [("Line", "None"), ("None", "Line")])
def test_what_is_split_is_assembled_alike(split, assembly):
    with pytest.raises(InvalidRequest, match=f"they are {assembly} and {split}"):
        associate(JSON, split=split, assembly=assembly, JoinSource="Input")
    assert associate(JSON, split=split, assembly=assembly, OutputFilter="$.p")


def test_parameters_of_a_type_do_not_matter():
    assert (
        associate("text/csv; charset=utf-8", accept="text/CSV", JoinSource="Input").output(b"1\n", b"2\n") == b"1,2\n"
    )
