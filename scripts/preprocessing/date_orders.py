"""Whether days or months come first in the dates of a column: what its texts show, else data.dates, else it asks."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

import dates
from dates import DAY_FIRST, MONTH_FIRST
from failures import SettingNeeded, quote

AUTO = "auto"
MIN_SHARE = 0.99  # of the texts are dates, or the column holds none


def find(name: str, texts: pa.Array, setting: str) -> str | None:
    """``texts`` are without missing ones; None if they are no dates, or in another form."""
    shares = {order: 1 - dates.parse(texts, order)[1].mean() for order in dates.DATES}
    best = max(shares, key=lambda order: shares[order])  # the first of equal ones
    if shares[best] < MIN_SHARE:
        return None
    if not best or shares[DAY_FIRST] != shares[MONTH_FIRST]:
        return best
    return setting if setting != AUTO else _ask(name, texts)


def _ask(name: str, texts: pa.Array) -> str:
    first, second = (dates.parse(texts, order)[0] for order in (DAY_FIRST, MONTH_FIRST))
    differ = pc.fill_null(pc.not_equal(first, second), False)
    some = texts.filter(differ)
    if not len(some):  # days and months are always the same number
        return DAY_FIRST
    readings = (f"{times.filter(differ)[0].as_py():%Y-%m-%d}" for times in (first, second))
    raise SettingNeeded(
        f'column "{name}" holds dates such as "{quote(some[0])}", which could be {" or ".join(readings)}: '
        f'set data.dates to "{DAY_FIRST}" or "{MONTH_FIRST}", or name the column in data.ignore',
        {"data.dates": DAY_FIRST},
    )
