"""Reasons against an update that lie in the instances: their number, and another type under autoscaling."""

from dataclasses import replace

import pytest

from release.plan import preflight
from release.plan.plan import plan

SCALED = "[serving]\nautoscaling_max_instances = 6\n"


def refusals(settings, state, **options):
    return list(preflight.problems(settings, state, plan(settings, state, **options)))


@pytest.mark.parametrize(
    "overlay", ["", '[rollout]\nstrategy = "rolling"\nrolling_batch_percent = 50\n', '[rollout]\nstrategy = "linear"\n']
)
def test_a_share_needs_two_live_instances(settings_of, live, overlay):
    settings = settings_of(SCALED + overlay)
    state = live(settings)
    one = replace(state, endpoint={**state.endpoint, "ProductionVariants": [{"DesiredInstanceCount": 1}]})
    [line] = refusals(settings, one)
    assert "has 1 instance" in line
    assert "--now" in line
    assert refusals(settings, one, all_at_once=True) == []


def test_without_autoscaling_the_count_of_the_settings_is_what_matters(settings_of, live):
    settings = settings_of()
    state = live(settings)
    one = replace(state, endpoint={**state.endpoint, "ProductionVariants": [{"DesiredInstanceCount": 1}]})
    assert refusals(settings, one) == []


def test_another_instance_type_under_autoscaling(settings_of, live):
    before = live(settings_of(SCALED))
    settings = settings_of(SCALED + 'instance_type = "ml.c5.xlarge"\n')
    [line] = refusals(settings, before)
    assert "from ml.m5.large to ml.c5.xlarge under autoscaling" in line
    assert "--replace" in line
    assert refusals(settings, before, replace=True) == []
    assert refusals(settings, replace(before, target=None)) == []
