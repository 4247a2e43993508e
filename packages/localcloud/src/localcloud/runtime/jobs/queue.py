"""Runs as many jobs at once as the machine has cores; the others wait, in order."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(eq=False)
class Ticket:
    slots: int
    work: Callable[[], None]
    name: str


class Queue:
    def __init__(self, slots: int | None = None) -> None:
        self.slots = slots or os.cpu_count() or 1
        self._free = self.slots
        self._waiting: deque[Ticket] = deque()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._closed = False

    def put(self, name: str, slots: int, work: Callable[[], None]) -> tuple[Ticket, bool]:
        """Returns the ticket, and whether it begins at once. ``work`` runs on a thread of its own and must not raise.

        The order is strict: a job that needs more slots than are free blocks those behind it.
        """
        ticket = Ticket(min(slots, self.slots), work, name)
        with self._lock:
            self._waiting.append(ticket)
        self._begin()
        with self._lock:
            return ticket, ticket not in self._waiting

    def cancel(self, ticket: Ticket) -> bool:
        """False when the job has started already."""
        with self._lock:
            if ticket not in self._waiting:
                return False
            self._waiting.remove(ticket)
        self._begin()  # it may have blocked others
        return True

    def close(self, timeout: float = 20.0) -> None:
        """Nothing more begins. Waits for the running jobs, whose owner ends them."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            threads = list(self._threads)
        for thread in threads:
            thread.join(timeout)

    def _begin(self) -> None:
        with self._lock:
            while not self._closed and self._waiting and self._waiting[0].slots <= self._free:
                ticket = self._waiting.popleft()
                self._free -= ticket.slots
                thread = threading.Thread(target=self._run, args=(ticket,), name=f"job-{ticket.name}", daemon=True)
                self._threads.add(thread)
                thread.start()

    def _run(self, ticket: Ticket) -> None:
        try:
            ticket.work()
        finally:
            with self._lock:
                self._free += ticket.slots
                self._threads.discard(threading.current_thread())
            self._begin()
