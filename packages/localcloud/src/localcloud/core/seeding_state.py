"""When the account gets what the settings want: at the start, after a reset, and when they want something else."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from rehearsal.seed import Question, Wanted

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

log = logging.getLogger(__name__)


class Furnishing:
    """An account without its bucket is still an account: what cannot be made is told, and nothing more."""

    def __init__(self, cloud: Cloud, kept: Path) -> None:
        self._cloud, self._kept = cloud, kept
        self._turn, self._problem = Lock(), ""
        self._there: Wanted | None = None

    def begin(self, asked: Question) -> None:
        with self._turn:
            self._make(asked)

    def renew(self, *, emptied: bool = False) -> str:
        """Nothing, while what the settings want is there; ``emptied``: nothing is. "" or why something is lacking."""
        with self._turn, closing(Question(self._kept)) as asked:
            self._there = None if emptied else self._there
            self._make(asked)
            return self._problem

    def _make(self, asked: Question) -> None:
        from localcloud.core.seeding import furnish

        try:
            wanted, self._problem = asked.answer(), ""
            if wanted != self._there:
                furnish(self._cloud, wanted)
                self._there = wanted
        except Exception as error:  # noqa: BLE001 - the settings' own command says what is wrong with them
            self._problem = f"the bucket, the role or the example data are not there: {' '.join(str(error).split())}"
            log.warning(self._problem)
