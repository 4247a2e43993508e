"""Latencies in buckets: ranks and quantiles as of the latencies themselves, to 2 %."""

from statistics import NormalDist

import pytest

from release.judgement.histogram import Histogram, bucket, buckets


def histogram(*latencies):
    built = Histogram()
    built.add(buckets(latencies))
    return built


def test_the_share_below():
    ranks = histogram(10, 20, 20, 40).ranks()
    shares = [ranks.share_below(bucket(one)) for one in (5, 10, 15, 20, 30, 40, 50)]
    assert shares == [0, 0.125, 0.25, 0.5, 0.75, 0.875, 1]


@pytest.mark.parametrize(("share", "expected"), [(0.01, 1), (0.5, 50), (0.9, 90), (0.99, 99), (1, 100)])
def test_quantiles_in_milliseconds(share, expected):
    assert histogram(*range(1, 101)).milliseconds(share) == pytest.approx(expected, rel=0.02)


def test_no_latency_is_too_short_for_a_bucket():
    assert bucket(0) == bucket(0.01) < bucket(0.02)


def test_the_spread_of_a_lognormal_distribution():
    normal = NormalDist(sigma=0.5)
    latencies = [2.718281828 ** normal.inv_cdf((step + 0.5) / 1000) for step in range(1000)]
    assert histogram(*latencies).spread() == pytest.approx(0.5, abs=0.02)
    assert histogram(7, 7).spread() > 0
    assert Histogram().spread() > 0


def test_its_state_has_all():
    built = histogram(1, 1, 300)
    assert Histogram(built.state()).counts == built.counts
