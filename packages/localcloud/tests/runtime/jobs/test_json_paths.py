"""The paths that transform jobs accept."""

import pytest

from localcloud.runtime.jobs.json_paths import InvalidPath, NoMatch, parse

ROW = ["7", "a", "b", "c", "d", "e"]
RECORD = {"id": 7, "features": {"x": [1, 2, 3], "a b": "y"}, "rows": [{"n": 1}, {"n": 2}]}


@pytest.mark.parametrize(
    ("path", "record", "selected"),
    [
        ("$", ROW, ROW),
        ("$[0]", ROW, "7"),
        ("$[-1]", ROW, "e"),
        ("$[1:]", ROW, ["a", "b", "c", "d", "e"]),
        ("$[:2]", ROW, ["7", "a"]),
        ("$[1:-1]", ROW, ["a", "b", "c", "d"]),
        ("$[0,5:]", ROW, ["7", "e"]),
        ("$[0, 4, -1]", ROW, ["7", "d", "e"]),
        ("$[3:99]", ROW, ["c", "d", "e"]),
        ("$.features.x[1]", RECORD, 2),
        ("$.features['a b']", RECORD, "y"),
        ('$["id"]', RECORD, 7),
        ("$['id','rows']", RECORD, {"id": 7, "rows": RECORD["rows"]}),
        ("$.features.['x','a b']", RECORD, RECORD["features"]),
        ("$.rows[*].n", RECORD, [1, 2]),
        ("$.rows.*", RECORD, RECORD["rows"]),
        ("$.*", {"a": 1, "b": 2}, [1, 2]),
    ],
)
def test_what_a_path_selects(path, record, selected):
    assert parse(path)(record) == selected


@pytest.mark.parametrize("path", ["$[6]", "$[0,9]", "$[-7]", "$.name", "$['a','b']", "$[0][0]"])
def test_a_missing_name_or_index(path):
    with pytest.raises(NoMatch):
        parse(path)(ROW)
    with pytest.raises(NoMatch):
        parse("$.features.z")(RECORD)


INVALID = """
id $id $. $..x $[ $[] $[a] $['a',0] $[0,] $[1:2:3] $[?(@.x)] $['a','b'].c $['a'b] $[-]
"""


@pytest.mark.parametrize("path", ["", "$[ ]", "$[1 2]", *INVALID.split()])
def test_invalid_paths(path):
    with pytest.raises(InvalidPath):
        parse(path)
