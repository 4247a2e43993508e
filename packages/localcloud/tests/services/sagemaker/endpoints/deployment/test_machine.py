"""The machine alone: every strategy, and what can happen in every stage of it."""

import pytest

STRATEGIES = ("all at once", "canary", "linear", "rolling", "rolling, back by two")


@pytest.fixture(params=STRATEGIES)
def harness(request, new_harness, configs):
    return new_harness(configs.strategies[request.param])


@pytest.fixture(params=STRATEGIES)
def each_stage(request, new_harness, configs):
    """A deployment of its own for each of a strategy's stages, with the stage's number."""
    config = configs.strategies[request.param]
    return [(new_harness(config), number) for number in range(len(new_harness(config).plan.stages))]


def assert_old_side(harness):
    blue, green = harness.blue.members["AllTraffic"], harness.green.members["AllTraffic"]
    assert (blue.count, blue.active, blue.fleet.size, blue.fleet.places) == (harness.old,) * 4
    assert (green.count, green.active) == (0, 0) and green.fleet.stopped
    assert harness.routes[-1:] in ([], [[("blue", 1.0)]])
    assert not harness.deployment._timers


def test_each_goes_through_its_stages_to_the_new_side(harness):
    harness.go()
    assert harness.outcome == "completed"
    assert [stage for stage in harness.changes if not isinstance(stage, str)] == list(harness.plan.stages)
    assert harness.routes[-1] == [("green", 1.0)]
    assert harness.fleet("blue").stopped and harness.fleet("green").size == 4
    assert not harness.deployment._timers


def test_traffic_moves_with_the_instances(new_harness, configs):
    def moved(config, **sizes):
        harness = new_harness(config, **sizes)
        harness.go()
        return [dict(shares).get("green") for shares in harness.routes]

    canary = configs.blue_green("CANARY", CanarySize=configs.size(10, "CAPACITY_PERCENT"))
    assert moved(canary, old=10, new=10) == [0.1, 1.0]
    assert moved(canary, old=2, new=2) == [0.5, 1.0]
    assert moved(configs.strategies["linear"]) == [0.25, 0.5, 0.75, 1.0]
    assert moved(configs.rolling(batch=2), new=5) == [0.4, 0.8, 1.0]
    assert moved({}) == [1.0]


def test_a_bake_lasts_for_its_interval(new_harness, configs):
    harness = new_harness(configs.strategies["canary"])
    harness.deployment.begin()
    harness.fleet("green").ready()
    harness.clock.advance(299)
    assert harness.routes[-1] == [("blue", 0.75), ("green", 0.25)]
    harness.clock.advance(1)
    assert harness.routes[-1] == [("green", 1.0)] and not harness.fleet("blue").stopped
    harness.clock.advance(119)
    assert not harness.outcome
    harness.clock.advance(1)
    assert harness.outcome == "completed" and harness.fleet("blue").stopped


def test_an_alarm_in_any_stage_rolls_back_in_a_bake(each_stage):
    """In its own or in the next one. After the last the old side is terminated: there is nothing to roll back to."""
    for harness, number in each_stage:
        harness.at = lambda now, harness=harness, number=number: (
            harness.active_alarms.append("errors") if now == number else None
        )
        harness.go()
        if number == len(harness.plan.stages) - 1:
            assert harness.plan.stages[number].status == "Deleting" and harness.outcome == "completed"
            continue
        assert harness.outcome == "rolled back"
        last = harness.changes.index("rolling back") - 1
        bakes = [at for at, stage in enumerate(harness.plan.stages) if stage.status == "Baking" and at >= number]
        assert harness.changes[last] is harness.plan.stages[bakes[0]]
        assert harness.deployment.reason == "Alarms of its AutoRollbackConfiguration are in ALARM: errors."
        assert_old_side(harness)


def test_an_alarm_is_noticed_within_ten_seconds_of_the_clock(new_harness, configs):
    harness = new_harness(configs.strategies["canary"])
    harness.deployment.begin()
    harness.fleet("green").ready()
    harness.clock.advance(35)
    harness.active_alarms.append("errors")
    harness.clock.advance(4)
    assert not harness.outcome
    harness.clock.advance(1)
    assert harness.outcome == "rolled back"


def test_an_alarm_that_is_active_before_the_start_ends_it_in_its_first_bake(harness):
    harness.active_alarms.append("errors")
    harness.deployment.begin()
    harness.clock.advance(100)
    assert not harness.outcome
    harness.fleet("green").ready()
    harness.fleet("blue").ready()
    assert harness.outcome == "rolled back" and harness.clock.seconds() - harness.deployment.began.timestamp() < 101
    assert [stage.status for stage in harness.changes if not isinstance(stage, str)].count("Baking") == 1
    assert_old_side(harness)


def test_alarms_have_no_effect_during_a_rollback(new_harness, configs):
    harness = new_harness(configs.rolling(batch=2))
    harness.at = lambda now: harness.active_alarms.append("errors") if now == 4 else None
    harness.go()
    assert harness.changes.count("rolling back") == 1 and harness.outcome == "rolled back"


def test_an_instance_that_does_not_start_rolls_back(each_stage):
    for harness, number in each_stage:
        if harness.plan.stages[number].status != "Creating":
            continue

        def fail(now, harness=harness, number=number):
            harness.fleet("green").fails = "it crashed" if now == number else ""

        harness.at = fail
        harness.go()
        assert harness.outcome == "rolled back"
        assert harness.deployment.reason == "it crashed"
        assert_old_side(harness)


def until(harness, number):
    """Into its stage of this number, whose instances are still starting."""
    harness.deployment.begin()
    while len(harness.statuses) <= number:
        if harness.fleet("green").waiting:
            harness.fleet("green").ready()
        else:
            harness.clock.advance(10)


def test_it_can_be_aborted_in_any_stage(each_stage):
    for harness, number in each_stage:
        until(harness, number)
        late = list(harness.fleet("green").waiting)
        harness.deployment.abort()
        assert harness.fleet("green").stopped and harness.deployment.over
        changes = list(harness.changes)
        for _, done in late:
            done("")
        harness.clock.advance(10_000)
        assert harness.changes == changes and not harness.deployment._timers


@pytest.mark.parametrize("number", [0, 4, 8, 12])
def test_it_takes_no_longer_than_its_timeout(new_harness, configs, number):
    """Whatever hangs: a start that never ends, in whichever batch."""
    harness = new_harness(configs.rolling(MaximumExecutionTimeoutInSeconds=600))
    assert harness.plan.stages[number].status == "Creating"
    until(harness, number)
    waited = harness.clock.seconds() - harness.deployment.began.timestamp()
    harness.clock.advance(600 - waited - 1)
    assert not harness.outcome and "rolling back" not in harness.changes
    harness.clock.advance(2)
    harness.fleet("blue").ready()
    assert harness.outcome == "rolled back"
    assert "took longer than its MaximumExecutionTimeoutInSeconds, 600 seconds" in harness.deployment.reason
    assert_old_side(harness)


def test_a_rollback_does_not_time_out(new_harness, configs):
    harness = new_harness(configs.rolling(batch=2, wait=300, MaximumExecutionTimeoutInSeconds=601))
    harness.deployment.begin()
    harness.fleet("green").ready()
    harness.clock.advance(300)
    harness.active_alarms.append("errors")
    harness.fleet("green").ready()
    assert "rolling back" in harness.changes and harness.fleet("blue").waiting
    harness.clock.advance(10_000)
    harness.fleet("blue").ready()
    assert harness.outcome == "rolled back"


def test_a_late_start_of_the_abandoned_side_changes_nothing(new_harness, configs):
    harness = new_harness(configs.strategies["rolling, back by two"])
    harness.deployment.begin()
    harness.fleet("green").ready()
    harness.clock.advance(60)
    assert harness.statuses[-1] == ("Creating", "green", 2)
    (_, late) = harness.fleet("green").waiting[0]
    harness.deployment.roll_back("it took too long")
    assert harness.statuses[-1] == ("Creating", "blue", 4)
    late("")
    assert harness.statuses[-1] == ("Creating", "blue", 4)
    harness.fleet("blue").ready()
    assert_old_side(harness)


def test_starting_instances_are_removed_by_the_first_rollback_batch(new_harness, configs):
    harness = new_harness(configs.strategies["rolling, back by two"])
    until(harness, 8)  # the third instance starts, two old ones are left
    assert (harness.fleet("green").places, harness.fleet("blue").size) == (3, 2)
    harness.deployment.roll_back("it took too long")
    assert harness.statuses[-1] == ("Creating", "blue", 4)
    harness = new_harness(configs.rolling(RollbackMaximumBatchSize=configs.size(1)))
    until(harness, 8)
    harness.deployment.roll_back("it took too long")
    harness.fleet("blue").ready()
    assert harness.statuses[-2:] == [("Deleting", "green", 1), ("Creating", "blue", 4)]
    assert (harness.fleet("green").places, harness.fleet("green").size) == (1, 1)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_rollback_fails_when_the_old_side_does_not_answer(new_harness, configs, strategy):
    harness = new_harness(configs.strategies[strategy])

    def die(_):
        harness.active_alarms[:] = ["errors"]
        harness.fleet("blue").size, harness.fleet("blue").fails = 0, "no capacity"

    harness.at = lambda now: die(now) if harness.plan.stages[now].status == "Baking" else None
    harness.go()
    assert harness.outcome == "rollback failed"
    assert "The rollback failed" in harness.deployment.reason and "in ALARM" in harness.deployment.reason
    assert not harness.fleet("green").stopped


def test_a_rolling_rollback_fails_when_an_old_instance_does_not_come_back(new_harness, configs):
    harness = new_harness(configs.strategies["rolling"])
    harness.fleet("blue").fails = "no capacity"
    harness.at = lambda now: (
        harness.active_alarms.append("errors") if harness.plan.stages[now].status == "Deleting" else None
    )
    harness.go()
    assert harness.outcome == "rollback failed" and "no capacity" in harness.deployment.reason
    assert not harness.deployment._timers


def test_a_fault_makes_a_rollback_fail(new_harness, configs):
    harness = new_harness(configs.strategies["canary"])
    harness.rollback_fault = "The old fleet is out of reach."
    harness.at = lambda now: harness.active_alarms.append("errors") if now == 2 else None
    harness.go()
    assert harness.outcome == "rollback failed" and harness.deployment.reason.endswith("The old fleet is out of reach.")
