"""2,000 requests a minute, and more, while a canary ships and while one rolls back: none is lost."""

PER_MINUTE = 2000
LONGER = {"wait_seconds": "300"}  # a second and a half of ours
TWICE = {"datapoints": "2", "evaluation_periods": "2"}  # the alarm rings when clients have met the bad fleet as well


def test_no_request_is_lost_while_a_canary_ships_and_while_one_rolls_back(stage):
    stage.configure(rollout=LONGER, alarms=TWICE)
    assert stage.deploy(stage.package()) == 0
    good = stage.package()
    with stage.clients(per_second=2 * PER_MINUTE / 60, threads=16) as shipping:
        assert stage.deploy(good) == 0
    with stage.clients(per_second=2 * PER_MINUTE / 60, threads=16) as rolling_back:
        assert stage.deploy(stage.package("failing")) == 3
    assert shipping["answered"] == shipping["sent"] > 50
    assert rolling_back["sent"] == rolling_back["answered"] + rolling_back["failed"] > 10
    assert 0 < rolling_back["failed"] <= 0.75 * rolling_back["sent"]  # the canary's share is a half
    assert stage.live_package() == good
