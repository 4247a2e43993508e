"""All blocks of all files, made into parts by a few threads, and handed on in the order of the input."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate

from preprocessing import blocks, parts
from preprocessing.intake import Plan
from preprocessing.sources import Source

MOST_THREADS = 8  # each holds a block and what was made of it


def read(sources: Sequence[Source], plan: Plan) -> Iterator[tuple[parts.Part, float]]:
    """Every part, and the share of the input that was read when its block was cut."""
    threads = min(os.cpu_count() or 1, MOST_THREADS)
    pool = ThreadPoolExecutor(threads)
    waiting: deque[tuple[Future[parts.Part], float]] = deque()
    try:
        for block, share in _blocks(sources, plan):
            waiting.append((pool.submit(parts.make, block, plan), share))
            if len(waiting) > threads + 1:
                yield _next(waiting)
        while waiting:
            yield _next(waiting)
    finally:
        pool.shutdown(cancel_futures=True)


def _next(waiting: deque[tuple[Future[parts.Part], float]]) -> tuple[parts.Part, float]:
    future, share = waiting.popleft()
    return future.result(), share


def _blocks(sources: Sequence[Source], plan: Plan) -> Iterator[tuple[blocks.Block, float]]:
    sizes = [source.path.stat().st_size for source in sources]
    for source, before in zip(sources, accumulate([0, *sizes]), strict=False):
        for block in blocks.read(source, list(plan.kinds), plan.delimiter):
            yield block, (before + block.read_bytes) / sum(sizes)
