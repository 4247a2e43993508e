from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from encoded_data import open_side
from features import Column

pytestmark = pytest.mark.usefixtures("job_environment")


def test_names_with_dots_are_names_and_not_fields_of_others(tmp_path, encoded):
    data = encoded(tmp_path)
    table = pq.read_table(data.train)
    pq.write_table(table.rename_columns(["outcome.x", "outcome.y", "member", "plan", "outcome"]), data.train)
    columns = (Column("outcome.x", "numeric"), Column("outcome.y", "numeric"), *data.features.columns[2:])
    side = open_side("train", data.train.parent, replace(data.features, columns=columns))
    assert list(side.labels) == table.column("outcome").to_pylist()
    (matrix,) = side.matrices()
    assert list(matrix[:, 1]) == table.column(1).to_pylist()
