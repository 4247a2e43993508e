"""The clients of production: they send requests all the time, and count the outcomes."""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import Any

PAUSE_SECONDS = 0.02


class Clients:
    """Some of them are customers on a new plan, which no recorded request has."""

    def __init__(self, runtime: Any, endpoint: str, rows: list[dict[str, Any]], new_plan: str) -> None:
        self.runtime, self.endpoint, self.rows, self.new_plan = runtime, endpoint, rows, new_plan
        self.counts: Counter[str] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send_requests, daemon=True)

    def __enter__(self) -> Clients:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=30)

    def _send_requests(self) -> None:
        number = 0
        while not self._stop.wait(PAUSE_SECONDS):
            self.send(self.rows[number % len(self.rows)], new=number % 4 == 0)
            number += 1

    def send(self, row: dict[str, Any], *, new: bool) -> str:
        """The response; empty when there was none."""
        body = json.dumps(row | ({"plan": self.new_plan} if new else {}))
        request = {"EndpointName": self.endpoint, "ContentType": "application/json", "Body": body}
        try:
            response: str = self.runtime.invoke_endpoint(**request)["Body"].read().decode().strip()
            self.counts["answered"] += 1
            return response
        except self.runtime.exceptions.ModelError:
            self.counts["failed"] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, this request has no response
            self.counts[f"lost ({type(error).__name__})"] += 1
        return ""

    def summary(self) -> str:
        total = sum(self.counts.values())
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(self.counts.items()))
        return f"{total} requests of clients: {kinds}"


def rows_of(sample: str) -> list[dict[str, Any]]:
    """Recorded requests as objects, with numbers as numbers."""
    header, *lines = sample.strip().splitlines()
    names = header.split(",")
    return [{name: _value(cell) for name, cell in zip(names, line.split(","), strict=True)} for line in lines]


def _value(cell: str) -> Any:
    try:
        return float(cell)
    except ValueError:
        return cell or None
