"""Features of your own: columns that are computed from a row's other columns, the same in training and in serving.

Preprocess and every endpoint call this file; nothing else needs to change. docs/bring-your-own-model.md has an example.
Columns are Arrow arrays: numbers are float64, dates and times timestamps, texts strings; a missing value is null.

``INPUTS`` names the columns that are read, also those that are no features themselves (of data.ignore, for example);
clients send them. A function ``fit(batches)``, if there is one, reads the inputs of all training rows batch by batch,
and returns what ``compute`` needs to know of them, in JSON's types; features.json keeps it.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

INPUTS: tuple[str, ...] = ()


def compute(columns: dict[str, pa.Array], fitted: Any) -> dict[str, pa.Array]:  # noqa: ARG001 - there are none yet
    """New columns by name, one value for each row: numbers, booleans or texts (which become categories).

    A row's value depends on that row and ``fitted`` alone. Infinite numbers count as missing.
    """
    return {}
