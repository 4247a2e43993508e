from collections import Counter
from types import SimpleNamespace

import pytest

from localcloud.services.sagemaker.hosting.routing import Routes


def fleet(variant="AllTraffic"):
    return SimpleNamespace(variant_name=variant)


BLUE, GREEN, OTHER = fleet(), fleet(), fleet("Other")


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_each_fleet_gets_its_share_and_gets_it_evenly(share):
    routes = Routes([(BLUE, 1 - share), (GREEN, share)])
    chosen = [routes.choose() is GREEN for _ in range(1000)]
    assert sum(chosen) == pytest.approx(1000 * share, abs=3)
    for start in range(0, 1000, 100):
        assert sum(chosen[start : start + 100]) == pytest.approx(100 * share, abs=2)


def test_weights_are_of_any_scale():
    routes = Routes([(BLUE, 30), (OTHER, 10)])
    counted = Counter(routes.choose().variant_name for _ in range(400))
    assert counted["AllTraffic"] == pytest.approx(300, abs=2)
    assert counted["Other"] == 400 - counted["AllTraffic"]


def test_a_share_of_zero_gets_requests_only_by_name():
    routes = Routes([(BLUE, 1), (OTHER, 0)])
    assert all(routes.choose() is BLUE for _ in range(100))
    assert routes.choose("Other") is OTHER


def test_a_variant_of_two_fleets_is_shared_too():
    routes = Routes([(BLUE, 0.9), (GREEN, 0.1), (OTHER, 1)])
    assert sum(routes.choose("AllTraffic") is GREEN for _ in range(1000)) == pytest.approx(100, abs=3)


def test_shares_that_are_all_zero_are_equal():
    routes = Routes([(BLUE, 0), (GREEN, 0)])
    assert {id(routes.choose()) for _ in range(10)} == {id(BLUE), id(GREEN)}


def test_set_replaces_all_of_them():
    routes = Routes([(BLUE, 1)])
    routes.set([(GREEN, 1)])
    assert routes.fleets == (GREEN,)
    assert all(routes.choose() is GREEN for _ in range(10))


@pytest.mark.parametrize("target", ["", "Third"])
def test_nothing_to_choose_from_is_a_lookup_error(target):
    routes = Routes([(BLUE, 1)] if target else [])
    with pytest.raises(LookupError):
        routes.choose(target)


def test_a_negative_share_is_refused_and_changes_nothing():
    routes = Routes([(BLUE, 1)])
    with pytest.raises(ValueError, match="0 or more"):
        routes.set([(GREEN, -0.1)])
    assert routes.fleets == (BLUE,)
