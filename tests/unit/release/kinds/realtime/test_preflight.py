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


@pytest.mark.parametrize(
    ("overlay", "needed"),
    [
        ("", 4),  # both fleets of two
        ('[rollout]\nstrategy = "rolling"\n', 3),  # the fleet and a batch of one
        ('[serving]\ninstance_type = "ml.c5.xlarge"\n', 2),  # the old fleet is of another type
    ],
)
def test_a_quota_for_the_instances_that_bake_is_needed(settings_of, live, overlay, needed):
    settings = settings_of(overlay)
    before = live(settings_of(""))
    name = f"{settings.serving.instance_type} for endpoint usage"

    def reasons(quota):
        state = replace(before, quotas={name: quota})
        return [reason for reason in refusals(settings, state) if "quota" in reason]

    assert reasons(float(needed)) == []
    [reason] = reasons(needed - 1.0)
    assert reason.startswith(f'the quota "{name}" is {needed - 1}, and {needed} are needed')


def test_quotas_that_cannot_be_read_are_a_note(settings_of, live):
    settings = settings_of("")
    assert not any("quotas" in note for note in plan(settings, live(settings)).notes)
    unread = plan(settings, replace(live(settings), quotas=None))
    assert any("quotas could not be read" in note for note in unread.notes)
