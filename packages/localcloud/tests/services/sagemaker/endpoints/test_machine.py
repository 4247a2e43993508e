"""The machine alone: every strategy, and what can happen in every stage of it."""

import pytest

STRATEGIES = ("all at once", "canary", "linear", "rolling", "rolling, back by two")


@pytest.fixture(params=STRATEGIES)
def made(request, bench, configs):
    return bench(configs.strategies[request.param])


@pytest.fixture(params=STRATEGIES)
def each_stage(request, bench, configs):
    """A deployment of its own for each of a strategy's stages, with the stage's number."""
    config = configs.strategies[request.param]
    return [(bench(config), number) for number in range(len(bench(config).plan.stages))]


def is_on_the_old_side(made):
    blue, green = made.blue.members["AllTraffic"], made.green.members["AllTraffic"]
    assert (blue.count, blue.active, blue.fleet.size, blue.fleet.places) == (made.old,) * 4
    assert (green.count, green.active) == (0, 0) and green.fleet.stopped
    assert made.routes[-1:] in ([], [[("blue", 1.0)]])
    assert not made.deployment._timers


def test_each_goes_through_its_stages_to_the_new_side(made):
    made.go()
    assert made.outcome == "completed"
    assert [stage for stage in made.changes if not isinstance(stage, str)] == list(made.plan.stages)
    assert made.routes[-1] == [("green", 1.0)]
    assert made.fleet("blue").stopped and made.fleet("green").size == 4
    assert not made.deployment._timers


def test_traffic_moves_with_the_instances(bench, configs):
    def moved(config, **sizes):
        made = bench(config, **sizes)
        made.go()
        return [dict(shares).get("green") for shares in made.routes]

    canary = configs.blue_green("CANARY", CanarySize=configs.size(10, "CAPACITY_PERCENT"))
    assert moved(canary, old=10, new=10) == [0.1, 1.0]
    assert moved(canary, old=2, new=2) == [0.5, 1.0]
    assert moved(configs.strategies["linear"]) == [0.25, 0.5, 0.75, 1.0]
    assert moved(configs.rolling(batch=2), new=5) == [0.4, 0.8, 1.0]
    assert moved({}) == [1.0]


def test_a_bake_lasts_as_long_as_it_says(bench, configs):
    made = bench(configs.strategies["canary"])
    made.deployment.begin()
    made.fleet("green").ready()
    made.clock.advance(299)
    assert made.routes[-1] == [("blue", 0.75), ("green", 0.25)]
    made.clock.advance(1)
    assert made.routes[-1] == [("green", 1.0)] and not made.fleet("blue").stopped
    made.clock.advance(119)
    assert not made.outcome
    made.clock.advance(1)
    assert made.outcome == "completed" and made.fleet("blue").stopped


def test_an_alarm_in_any_stage_rolls_back(each_stage):
    """But in the last: the old side is gone then, there is nothing to go back to."""
    for made, number in each_stage:
        made.at = lambda now, made=made, number=number: made.active_alarms.append("errors") if now == number else None
        made.go()
        if number == len(made.plan.stages) - 1:
            assert made.plan.stages[number].status == "Deleting" and made.outcome == "completed"
            continue
        assert made.outcome == "rolled back" and "rolling back" in made.changes
        assert made.deployment.reason == "Alarms of its AutoRollbackConfiguration are in ALARM: errors."
        is_on_the_old_side(made)


def test_an_alarm_is_seen_within_ten_seconds_of_the_clock(bench, configs):
    made = bench(configs.strategies["canary"])
    made.deployment.begin()
    made.fleet("green").ready()
    made.clock.advance(35)
    made.active_alarms.append("errors")
    made.clock.advance(4)
    assert not made.outcome
    made.clock.advance(1)
    assert made.outcome == "rolled back"


def test_an_alarm_that_is_tripped_before_the_start_ends_it_at_once(made):
    made.active_alarms.append("errors")
    made.deployment.begin()
    assert made.outcome == "rolled back" and not made.fleet("green").waiting
    assert all(stage[1] == "blue" or stage[0] == "Deleting" for stage in made.statuses)
    is_on_the_old_side(made)


def test_alarms_do_not_count_on_the_way_back(bench, configs):
    made = bench(configs.rolling(batch=2))
    made.at = lambda now: made.active_alarms.append("errors") if now == 4 else None
    made.go()
    assert made.changes.count("rolling back") == 1 and made.outcome == "rolled back"


def test_an_instance_that_does_not_start_rolls_back(each_stage):
    for made, number in each_stage:
        if made.plan.stages[number].status != "Creating":
            continue

        def fail(now, made=made, number=number):
            made.fleet("green").fails = "it crashed" if now == number else ""

        made.at = fail
        made.go()
        assert made.outcome == "rolled back"
        assert made.deployment.reason == "it crashed"
        is_on_the_old_side(made)


def until(made, number):
    """Into its stage of this number, with what starts there still starting."""
    made.deployment.begin()
    while len(made.statuses) <= number:
        if made.fleet("green").waiting:
            made.fleet("green").ready()
        else:
            made.clock.advance(10)


def test_it_can_be_aborted_in_any_stage(each_stage):
    for made, number in each_stage:
        until(made, number)
        late = list(made.fleet("green").waiting)
        made.deployment.abort()
        assert made.fleet("green").stopped and made.deployment.over
        heard = list(made.changes)
        for _, done in late:
            done("")
        made.clock.advance(10_000)
        assert made.changes == heard and not made.deployment._timers


@pytest.mark.parametrize("number", [0, 4, 8, 12])
def test_it_takes_no_longer_than_its_timeout(bench, configs, number):
    """Whatever hangs: a start that never ends, in whichever batch."""
    made = bench(configs.rolling(MaximumExecutionTimeoutInSeconds=600))
    assert made.plan.stages[number].status == "Creating"
    until(made, number)
    waited = made.clock.seconds() - made.deployment.began.timestamp()
    made.clock.advance(600 - waited - 1)
    assert not made.outcome and "rolling back" not in made.changes
    made.clock.advance(2)
    made.fleet("blue").ready()
    assert made.outcome == "rolled back"
    assert "took longer than its MaximumExecutionTimeoutInSeconds, 600 seconds" in made.deployment.reason
    is_on_the_old_side(made)


def test_the_way_back_does_not_time_out(bench, configs):
    made = bench(configs.rolling(batch=2, wait=300, MaximumExecutionTimeoutInSeconds=601))
    made.deployment.begin()
    made.fleet("green").ready()
    made.clock.advance(300)
    made.active_alarms.append("errors")
    made.clock.advance(10)
    assert "rolling back" in made.changes and made.fleet("blue").waiting
    made.clock.advance(10_000)
    made.fleet("blue").ready()
    assert made.outcome == "rolled back"


def test_a_late_start_of_the_given_up_side_changes_nothing(bench, configs):
    made = bench(configs.strategies["rolling, back by two"])
    made.deployment.begin()
    made.fleet("green").ready()
    made.clock.advance(60)
    assert made.statuses[-1] == ("Creating", "green", 2)
    (_, late) = made.fleet("green").waiting[0]
    made.active_alarms.append("errors")
    made.clock.advance(10)
    assert made.statuses[-1] == ("Creating", "blue", 4)
    late("")
    assert made.statuses[-1] == ("Creating", "blue", 4)
    made.fleet("blue").ready()
    is_on_the_old_side(made)


def test_what_was_still_starting_leaves_with_the_first_batch_back(bench, configs):
    made = bench(configs.strategies["rolling, back by two"])
    until(made, 8)  # the third instance starts, two old ones are left
    assert (made.fleet("green").places, made.fleet("blue").size) == (3, 2)
    made.active_alarms.append("errors")
    made.clock.advance(10)
    assert made.statuses[-1] == ("Creating", "blue", 4)
    made = bench(configs.rolling(RollbackMaximumBatchSize=configs.size(1)))
    until(made, 8)
    made.active_alarms.append("errors")
    made.clock.advance(10)
    made.fleet("blue").ready()
    assert made.statuses[-2:] == [("Deleting", "green", 1), ("Creating", "blue", 4)]
    assert (made.fleet("green").places, made.fleet("green").size) == (1, 1)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_rollback_fails_when_the_old_side_does_not_answer(bench, configs, strategy):
    made = bench(configs.strategies[strategy])

    def die(_):
        made.active_alarms[:] = ["errors"]
        made.fleet("blue").size, made.fleet("blue").fails = 0, "no capacity"

    made.at = lambda now: die(now) if made.plan.stages[now].status == "Baking" else None
    made.go()
    assert made.outcome == "rollback failed"
    assert "The rollback failed" in made.deployment.reason and "in ALARM" in made.deployment.reason
    assert not made.fleet("green").stopped


def test_a_rolling_rollback_fails_when_an_old_instance_does_not_come_back(bench, configs):
    made = bench(configs.strategies["rolling"])
    made.fleet("blue").fails = "no capacity"
    made.at = lambda now: made.active_alarms.append("errors") if made.plan.stages[now].status == "Deleting" else None
    made.go()
    assert made.outcome == "rollback failed" and "no capacity" in made.deployment.reason
    assert not made.deployment._timers


def test_a_fault_makes_a_rollback_fail(bench, configs):
    made = bench(configs.strategies["canary"])
    made.rollback_fault = "The old fleet is out of reach."
    made.at = lambda now: made.active_alarms.append("errors") if now == 2 else None
    made.go()
    assert made.outcome == "rollback failed" and made.deployment.reason.endswith("The old fleet is out of reach.")
