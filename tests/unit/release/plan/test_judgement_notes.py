"""What a plan says of its judgement: what the bake can see, and where it can see or do too little."""

import pytest

from release.plan import judgement_notes
from release.plan.plan import plan

ENOUGH = "[serving]\ninstance_count = 2\n"
ROLLING = '[rollout]\nstrategy = "rolling"\nrolling_batch_percent = 50\n'


def notes(settings, state, **options):
    return plan(settings, state, **options).notes


def test_a_first_deployment_has_no_guardrail(settings_of, empty):
    assert judgement_notes.FIRST in notes(settings_of(), empty)


def test_it_says_beforehand_what_it_can_see(settings_of, live):
    settings = settings_of(ENOUGH)
    [seen] = [note for note in notes(settings, live(settings)) if note.startswith("known requests to both fleets")]
    assert "show in time a new one that is worse: 3× latency and +5 points of errors with 99 %" in seen
    assert "+1 point of errors with " in seen


@pytest.mark.parametrize("overlay", ["", ROLLING, '[rollout]\nstrategy = "all_at_once"\n'])
def test_bakes_of_ten_minutes_see_enough(settings_of, live, overlay):
    settings = settings_of(overlay)
    assert not [note for note in notes(settings, live(settings)) if "sees too little" in note]


def test_it_warns_when_it_can_see_too_little(settings_of, live):
    settings = settings_of(
        "[rollout]\nbake_requests_per_second = 1\nwait_seconds = 120\ntermination_wait_seconds = 180\n"
    )
    assert any("this bake sees too little: the new fleet gives " in note for note in notes(settings, live(settings)))


def test_a_share_is_whole_instances(settings_of, live):
    """10 % of two is one, which is a half; of twenty it is two, a tenth."""
    few, many = settings_of(), settings_of("[serving]\ninstance_count = 20\n")
    shift = plan(few, live(few)).traffic_shift
    assert judgement_notes._exposures(few, live(few), shift)[0].new == 5 * 600 * 0.5
    assert judgement_notes._exposures(many, live(many), shift)[0].new == 5 * 600 * 0.1


@pytest.mark.parametrize(
    ("overlay", "setting"),
    [
        ("[rollout]\ntermination_wait_seconds = 60\n", "rollout.termination_wait_seconds"),
        (ROLLING + "wait_seconds = 120\n", "rollout.wait_seconds"),
    ],
)
def test_it_warns_of_a_last_wait_in_which_no_decision_can_act(settings_of, live, overlay, setting):
    settings = settings_of(overlay)
    [warning] = [note for note in notes(settings, live(settings)) if "needs 180 s to take a release back" in note]
    assert warning.endswith(f"raise {setting}")


def test_what_shows_in_the_last_seconds_is_not_promised(settings_of, live):
    settings = settings_of("[rollout]\ntermination_wait_seconds = 180\n")
    state = live(settings)
    assert judgement_notes._exposures(settings, state, plan(settings, state).traffic_shift)[1].new == 0


def test_it_says_how_long_a_run_may_be_away(settings_of, live):
    settings = settings_of("[judgement]\nunjudged_minutes = 7\n")
    assert "no run judges for 7 minutes is taken back" in notes(settings, live(settings))[-1]


def test_without_known_requests_nothing_is_compared(settings_of, live):
    settings = settings_of("[rollout]\nbake_requests_per_second = 0\n")
    assert any(
        "nothing is compared, and the release is inconclusive" in note for note in notes(settings, live(settings))
    )


def test_unchanged_there_is_nothing_to_say(settings_of, shipped):
    settings = settings_of()
    assert notes(settings, shipped(settings)) == ()


def test_every_worker_of_every_instance_is_cold_once(settings_of):
    assert judgement_notes.limits(settings_of(ENOUGH + 'instance_type = "ml.m5.2xlarge"\n')).cold_exempt == 16
    scaled = ENOUGH + "autoscaling_max_instances = 6\n"
    assert judgement_notes.limits(settings_of(scaled)).cold_exempt == 12


def test_the_settings_are_the_limits(settings_of):
    limits = judgement_notes.limits(settings_of("[judgement]\nlatency_factor = 1.5\nerror_points = 2.0\nalpha = 0.1\n"))
    assert (limits.latency_factor, limits.error_points, limits.alpha) == (1.5, 0.02, 0.1)
    assert (limits.severe_factor, limits.severe_points) == (3, 0.05)
