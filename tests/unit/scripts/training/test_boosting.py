from training.boosting import Schedule, metrics_of


def history(*values: float) -> list[dict[str, float]]:
    return [{"validation-rmse": value, "train-rmse": 0.0} for value in values]


def schedule(rounds: int = 100, patience: int = 2) -> Schedule:
    return Schedule(rounds, patience, 10, "validation-rmse")


def test_the_best_round_is_the_first_of_equals():
    assert schedule().best_round(history(3, 1, 2, 1)) == 1


def test_it_ends_after_the_given_number_of_rounds_without_improvement():
    assert not schedule().finished(history(3, 1, 2))
    assert schedule().finished(history(3, 1, 2, 1))
    assert not schedule().finished(history(3, 1, 2, 0.5))


def test_patience_of_zero_never_ends_early():
    assert not schedule(patience=0).finished(history(1, 2, 3, 4, 5))


def test_it_ends_at_the_last_round():
    assert schedule(rounds=3).finished(history(3, 2, 1))
    assert not schedule(rounds=4).finished(history(3, 2, 1))
    assert not schedule(rounds=1).finished([])


def test_the_digits_that_depend_on_the_number_of_threads_are_left_out():
    one = metrics_of("[7]\ttrain-rmse:9008.80637058726642863\tvalidation-rmse:0.5")
    assert one == metrics_of("[7]\ttrain-rmse:9008.80637058726460964\tvalidation-rmse:0.5")
    assert one == {"train-rmse": 9008.80637, "validation-rmse": 0.5}
