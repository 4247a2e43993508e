"""The paths that transform jobs know."""

import pytest

from localcloud.runtime.jobs.json_paths import BadPath, NothingThere, parse

ROW = ["7", "a", "b", "c", "d", "e"]
RECORD = {"id": 7, "features": {"x": [1, 2, 3], "a b": "y"}, "rows": [{"n": 1}, {"n": 2}]}


@pytest.mark.parametrize(
    ("path", "record", "found"),
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
def test_what_a_path_selects(path, record, found):
    assert parse(path)(record) == found


@pytest.mark.parametrize("path", ["$[6]", "$[0,9]", "$[-7]", "$.name", "$['a','b']", "$[0][0]"])
def test_what_is_not_there(path):
    with pytest.raises(NothingThere):
        parse(path)(ROW)
    with pytest.raises(NothingThere):
        parse("$.features.z")(RECORD)


NO_PATHS = """
id $id $. $..x $[ $[] $[a] $['a',0] $[0,] $[1:2:3] $[?(@.x)] $['a','b'].c $['a'b] $[-]
"""


@pytest.mark.parametrize("path", ["", "$[ ]", "$[1 2]", *NO_PATHS.split()])
def test_what_is_no_path(path):
    with pytest.raises(BadPath):
        parse(path)
