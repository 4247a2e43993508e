"""Reads all blocks of all files, works on them in a few threads and yields the results in the order of the input."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate
from typing import Any

from preprocessing import blocks, parts
from preprocessing.row_parser import Plan
from preprocessing.sources import Source

MAX_THREADS = 8  # each holds a block and its part


def read(sources: Sequence[Source], plan: Plan) -> Iterator[tuple[parts.Part, float]]:
    """Every part, and the share of the input that had been read with its block."""
    return each_block(sources, plan, list(plan.cells), lambda block: parts.encode_block(block, plan))


def each_block(
    sources: Sequence[Source], plan: Plan, columns: list[str], work: Callable[[blocks.Block], Any]
) -> Iterator[tuple[Any, float]]:
    threads = min(os.cpu_count() or 1, MAX_THREADS)
    pool = ThreadPoolExecutor(threads)
    pending: deque[tuple[Future[Any], float]] = deque()
    try:
        for block, share in _blocks(sources, columns, plan.delimiter):
            pending.append((pool.submit(work, block), share))
            if len(pending) > threads + 1:
                yield _next(pending)
        while pending:
            yield _next(pending)
    finally:
        pool.shutdown(cancel_futures=True)


def _next(pending: deque[tuple[Future[Any], float]]) -> tuple[Any, float]:
    future, share = pending.popleft()
    return future.result(), share


def _blocks(sources: Sequence[Source], columns: list[str], delimiter: str) -> Iterator[tuple[blocks.Block, float]]:
    sizes = [source.path.stat().st_size for source in sources]
    for source, before in zip(sources, accumulate([0, *sizes]), strict=False):
        for block in blocks.read(source, columns, delimiter):
            yield block, (before + block.read_bytes) / sum(sizes)
