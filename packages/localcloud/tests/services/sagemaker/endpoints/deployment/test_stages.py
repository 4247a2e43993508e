"""A deployment as data."""

import pytest


@pytest.fixture
def plan_stages():
    """(status, instances of the side, seconds) of each stage of a plan over one variant."""
    from localcloud.services.sagemaker.endpoints.deployment.stages import plan

    def tell(config, old=4, new=4):
        stages = plan(config, {"v": old}, {"v": new}).stages
        return [(stage.status, stage.side, stage.counts["v"], stage.seconds) for stage in stages]

    return tell


def test_without_a_config_all_moves_at_once_and_nothing_waits(plan_stages):
    assert plan_stages({}, old=1, new=3) == [
        ("Creating", "green", 3, 0),
        ("ActivatingTraffic", "green", 3, 0),
        ("Deleting", "blue", 0, 0),
    ]


def test_all_at_once_bakes_at_its_end_only(plan_stages, configs):
    assert ("Baking", "green", 4, 120) in plan_stages(configs.blue_green("ALL_AT_ONCE"))
    assert len(plan_stages(configs.blue_green("ALL_AT_ONCE"))) == 4


def test_a_canary_bakes_then_all_moves_then_all_bakes(plan_stages, configs):
    assert plan_stages(configs.blue_green("CANARY", CanarySize=configs.size(1))) == [
        ("Creating", "green", 4, 0),
        ("ActivatingTraffic", "green", 1, 0),
        ("Baking", "green", 1, 300),
        ("ActivatingTraffic", "green", 4, 0),
        ("Baking", "green", 4, 120),
        ("Deleting", "blue", 0, 0),
    ]


def test_linear_steps_bake_each(plan_stages, configs):
    stages = plan_stages(configs.blue_green("LINEAR", LinearStepSize=configs.size(30, "CAPACITY_PERCENT")), new=10)
    activated = [count for status, _, count, _ in stages if status == "ActivatingTraffic"]
    assert activated == [3, 6, 9, 10]
    assert [seconds for status, *_, seconds in stages if status == "Baking"] == [300, 300, 300, 120]


def test_rolling_terminates_as_many_old_instances_as_were_launched(plan_stages, configs):
    stages = plan_stages(configs.rolling(batch=2), old=2, new=5)
    assert [count for status, side, count, _ in stages if status == "Creating"] == [2, 4, 5]
    assert [count for status, side, count, _ in stages if status == "Deleting"] == [2, 1, 0]


@pytest.mark.parametrize(
    ("value", "kind", "total", "found"),
    [
        (1, "INSTANCE_COUNT", 2, 1),
        (10, "CAPACITY_PERCENT", 2, 1),
        (50, "CAPACITY_PERCENT", 3, 1),
        (50, "CAPACITY_PERCENT", 4, 2),
        (10, "CAPACITY_PERCENT", 20, 2),
    ],
)
def test_a_percentage_is_whole_instances_and_at_least_one(configs, value, kind, total, found):
    from localcloud.services.sagemaker.endpoints.deployment.stages import instances

    assert instances(configs.size(value, kind), total) == found


def test_a_rollback_is_the_same_for_every_strategy(configs):
    from localcloud.services.sagemaker.endpoints.deployment.stages import rollback

    def tuples(stages):
        return [(stage.status, stage.side, stage.counts["v"]) for stage in stages]

    assert tuples(rollback(None, {"v": 4}, {"v": 4}, {"v": 4})) == [
        ("ActivatingTraffic", "blue", 4),
        ("Deleting", "green", 0),
    ]
    assert tuples(rollback(None, {"v": 1}, {"v": 4}, {"v": 4}))[0] == ("Creating", "blue", 4)
    assert tuples(rollback(configs.size(2), {"v": 1}, {"v": 4}, {"v": 4})) == [
        ("Creating", "blue", 3),
        ("ActivatingTraffic", "blue", 3),
        ("Deleting", "green", 1),
        ("Creating", "blue", 4),
        ("ActivatingTraffic", "blue", 4),
        ("Deleting", "green", 0),
    ]


def test_messages_are_awss():
    from localcloud.services.sagemaker.endpoints.deployment.stages import Stage

    counts = {"v": 1}
    baking = Stage("Baking", "green", counts, 600, "WaitIntervalInSeconds", "canary")
    assert baking.message("v", 3) == (
        "Baking for 600 seconds (WaitIntervalInSeconds) with traffic enabled on canary capacity of 1 instance(s)."
    )
    assert Stage("Creating", "green", {"v": 3}).message("v", 1) == "Launching 2 instance(s)."
    assert Stage("Deleting", "blue", {"v": 0}).message("v", 2) == "Terminating 2 instance(s)."
    activating = Stage("ActivatingTraffic", "green", counts, part="canary")
    assert activating.message("v", 3) == "Activating traffic on canary capacity of 1 instance(s)."


def test_shares_follow_weights_and_what_has_moved():
    from localcloud.services.sagemaker.endpoints.deployment.side import Member, Side
    from localcloud.services.sagemaker.endpoints.deployment.traffic import shares

    def side(**weights):
        return Side("", {name: Member({}, name, {}, weight, 1) for name, weight in weights.items()})

    assert shares(side(a=1), side(a=1), {"a": 0.25}) == [("a", 0.75), ("a", 0.25)]
    assert shares(side(), side(a=3, b=1), {}) == [("a", 0.75), ("b", 0.25)]
    assert shares(side(), side(a=1, b=0), {}) == [("a", 1.0), ("b", 0.0)]
    assert shares(side(), side(a=0, b=0), {}) == [("a", 0.5), ("b", 0.5)]
    assert shares(side(a=1, removed=1), side(a=1), {"a": 1.0}) == [("a", 1.0)]
