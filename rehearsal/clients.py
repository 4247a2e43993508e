"""The customers of production: they ask all the time, and count what they get."""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import Any

PAUSE_SECONDS = 0.02


class Clients:
    """Some of them are on a plan that is new: no recorded request has it."""

    def __init__(self, runtime: Any, endpoint: str, rows: list[dict[str, Any]], new_plan: str) -> None:
        self.runtime, self.endpoint, self.rows, self.new_plan = runtime, endpoint, rows, new_plan
        self.counts: Counter[str] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask_on, daemon=True)

    def __enter__(self) -> Clients:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=30)

    def _ask_on(self) -> None:
        number = 0
        while not self._stop.wait(PAUSE_SECONDS):
            self.ask(self.rows[number % len(self.rows)], new=number % 4 == 0)
            number += 1

    def ask(self, row: dict[str, Any], *, new: bool) -> str:
        """The answer; empty when there was none."""
        body = json.dumps(row | ({"plan": self.new_plan} if new else {}))
        asked = {"EndpointName": self.endpoint, "ContentType": "application/json", "Body": body}
        try:
            answer: str = self.runtime.invoke_endpoint(**asked)["Body"].read().decode().strip()
            self.counts["answered"] += 1
            return answer
        except self.runtime.exceptions.ModelError:
            self.counts["failed"] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, this request got no answer
            self.counts[f"lost ({type(error).__name__})"] += 1
        return ""

    def told(self) -> str:
        total = sum(self.counts.values())
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(self.counts.items()))
        return f"{total} requests of clients: {kinds}"


def rows_of(sample: str) -> list[dict[str, Any]]:
    """Recorded requests as objects: what is a number stays one."""
    header, *lines = sample.strip().splitlines()
    names = header.split(",")
    return [{name: _value(cell) for name, cell in zip(names, line.split(","), strict=True)} for line in lines]


def _value(cell: str) -> Any:
    try:
        return float(cell)
    except ValueError:
        return cell or None
