"""The limits of a DeploymentConfig."""

import pytest


@pytest.fixture
def problems():
    from localcloud.services.sagemaker.endpoints.deployment import policy

    return lambda config, count=4: list(policy.problems(config, {"AllTraffic": count}, {"errors"}))


def test_what_is_within_the_limits_passes(problems, configs):
    for config in configs.strategies.values():
        assert problems(config) == []
    assert problems({}) == []
    assert problems(configs.blue_green("CANARY", CanarySize=configs.size(50, "CAPACITY_PERCENT")), count=2) == []


@pytest.mark.parametrize("value", [5, 51])
def test_linear_steps_are_10_to_50_percent(problems, configs, value):
    config = configs.blue_green("LINEAR", LinearStepSize=configs.size(value, "CAPACITY_PERCENT"))
    assert "at least 10 % and at most 50 %" in problems(config)[0]


def test_a_canary_is_at_most_half_and_leaves_an_instance(problems, configs):
    assert "3 of 4 instances" in problems(configs.blue_green("CANARY", CanarySize=configs.size(3)))[0]
    one = problems(configs.blue_green("CANARY", CanarySize=configs.size(10, "CAPACITY_PERCENT")), count=1)
    assert "at least one instance" in one[0]


def test_rolling_batches_are_5_to_50_percent_and_of_one_variant(problems, configs):
    from localcloud.services.sagemaker.endpoints.deployment import policy

    assert "MaximumBatchSize must be" in problems(configs.rolling(batch=3))[0]
    assert "MaximumBatchSize must be" in problems(configs.rolling(batch=1), count=21)[0]
    assert problems(configs.rolling(RollbackMaximumBatchSize=configs.size(100, "CAPACITY_PERCENT"))) == []
    assert "one variant" in next(iter(policy.problems(configs.rolling(), {"a": 2, "b": 2}, {"errors"})))


def test_rolling_and_blue_green_exclude_each_other(problems, configs):
    assert "Only one of" in problems({**configs.rolling(), **configs.blue_green("ALL_AT_ONCE")})[0]


def test_sizes_belong_to_their_type(problems, configs):
    assert "needs CanarySize" in problems(configs.blue_green("CANARY"))[0]
    assert "cannot be given" in problems(configs.blue_green("ALL_AT_ONCE", CanarySize=configs.size(1)))[0]


def test_the_timeout_is_more_than_all_waits(problems, configs):
    canary = configs.size(1)
    assert problems(configs.blue_green("CANARY", 600, 600, 1201, CanarySize=canary)) == []
    assert "more than the 1200 seconds" in problems(configs.blue_green("CANARY", 600, 600, 1200, CanarySize=canary))[0]
    linear = configs.blue_green("LINEAR", 300, 0, 600, LinearStepSize=configs.size(1))
    assert "more than the 900 seconds" in problems(linear)[0]


def test_alarms_must_exist(problems, configs):
    config = configs.blue_green("ALL_AT_ONCE")
    config["AutoRollbackConfiguration"]["Alarms"].append({"AlarmName": "missing"})
    assert "Could not find the CloudWatch alarm 'missing'" in problems(config)[0]


def test_variants_keep_their_names():
    from localcloud.services.sagemaker.endpoints.deployment import policy

    assert list(policy.update_problems({}, {"old"}, {"new": 1})) == []
    assert "same variant names" in next(
        iter(policy.update_problems({"BlueGreenUpdatePolicy": {}}, {"old"}, {"new": 1}))
    )
