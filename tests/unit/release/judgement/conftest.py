"""Streams of labelled answers."""

import random

import pytest

from release.judgement.answers import Answer


@pytest.fixture
def stream():
    """``stream(600, points=0.05)``: answers to both fleets in turn by chance; what is given differs in the new one."""

    def build(count, *, share=0.5, factor=1.0, points=0.0, status=500, base=0.002, slow=0.0, spread=0.5, seed=1):
        source = random.Random(seed)  # noqa: S311 - a simulation
        answers = []
        for at in range(count):
            new = source.random() < share
            failed = source.random() < base + points * new
            latency = 20 * source.lognormvariate(0, spread) * (factor if new else 1)
            latency *= 20 if source.random() < 0.01 + slow * new else 1
            answers.append(Answer(at / 5, "new" if new else "old", status if failed else 200, latency))
        return answers

    return build
