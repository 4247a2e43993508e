"""How commits and approvals travel, and scheduled autoscaling: what is taken, and what is refused."""

from pathlib import Path

import pytest

from settings.environments import CONFIG
from settings.errors import SettingsProblem
from settings.loader import load
from settings.model import Settings
from settings.show_config import show

BASE = (CONFIG / "base.toml").read_text()
CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
SCALED = "[serving]\nautoscaling_max_instances = 6\n"


def loaded(folder: Path, overlay: str) -> Settings:
    (folder / "base.toml").write_text(BASE)
    (folder / "test.toml").write_text(overlay)
    return load("test", folder)


def refusals(folder: Path, overlay: str) -> list[str]:
    try:
        loaded(folder, overlay)
    except SettingsProblem as problem:
        return [line.replace(f"{folder}/", "") for line in problem.lines]
    return []


DELIVERIES = [
    f'repository = "owner/name"\nconnection_arn = "{CONNECTION}"',
    f'connection_arn = "{CONNECTION.replace("codeconnections", "codestar-connections")}"',
    'repository = "group/sub/name"',
    'source = "codecommit"\nrepository = "churn"',
    'branch = "release/2026.11"',
    'watched_paths = ["scripts/**", "pipelines/**"]',
    'staging = "dev"\nproduction = "prod+local"',
]


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_deliveries_that_are_taken(tmp_path: Path, delivery: str) -> None:
    assert refusals(tmp_path, f"[delivery]\n{delivery}") == []


WRONG = [
    ('source = "github"', 'delivery.source = "github": must be one of "connection", "codecommit"'),
    ('repository = "https://example.com/a/b"', 'must be "owner/name" of a repository'),
    ('repository = "name"', 'with delivery.source = "connection" (base.toml): behind a connection it is "owner/name"'),
    ('source = "codecommit"\nrepository = "a/b"', "a CodeCommit repository has a name without an owner"),
    ('connection_arn = "arn:aws:codeconnections:x"', "must be the ARN of a connection"),
    (f'source = "codecommit"\nconnection_arn = "{CONNECTION}"', "CodeCommit needs no connection"),
    ('source = "codecommit"\nwatched_paths = ["a"]', "the event of a CodeCommit push contains no paths"),
    ('branch = ""', "must be the name of a branch"),
    ('branch = "a b"', "must be the name of a branch"),
    ('branch = "/a"', "must be the name of a branch"),
    ('branch = "a..b"', "must be the name of a branch"),
    ('watched_paths = ["a b"]', "entry 1 must be a glob of paths"),
    ('watched_paths = ["{a,b}/**"]', "entry 1 must be a glob of paths without spaces and commas"),
    ('vpc_id = "mine"', "must be the ID of a VPC"),
    ('vpc_id = "vpc-0a1b2c3d"', "builds use these subnets and security groups"),
    ('watched_paths = ["a", "a"]', "must name each once; remove the second a"),
    (f"watched_paths = {[str(number) for number in range(9)]}", "must have at most 8 entries; a trigger of"),
    ('staging = ""', "must be what --env takes"),
    ('staging = "prod"', "they would be one endpoint"),
    ('staging = "prod+local"', "they would be one endpoint"),
    ('production = "Prod"', "must be what --env takes"),
]


@pytest.mark.parametrize(("delivery", "sentence"), WRONG)
def test_deliveries_that_are_refused(tmp_path: Path, delivery: str, sentence: str) -> None:
    [line] = refusals(tmp_path, f"[delivery]\n{delivery}")
    assert line.startswith("test.toml: delivery.")
    assert sentence in line


OTHERS = [
    ("delivery", 'notify_email = "team@example.com"\ntests = "unit"', ""),
    ("delivery", 'notify_email = "team"', "must be an e-mail address"),
    ("delivery", 'tests = "none"', 'must be one of "template", "unit"'),
    ("retraining", 'schedule = "rate(7 days)"\ntimezone = "Asia/Tokyo"', ""),
    (
        "retraining",
        'schedule = "rate(1 day)"\ndata_arrival = "churn/data/*/_SUCCESS"\ndrift_alarms = "churn-drift"',
        "",
    ),
    ("retraining", 'schedule = "cron(0 3 ? * SUN *)"', ""),
    ("retraining", 'schedule = "rate(1 days)"', "must agree in number"),
    ("retraining", 'schedule = "rate(0 days)"', 'must be "cron('),
    ("retraining", 'schedule = "daily"', ' year), or "rate(7 days)", or "" for never'),
    ("retraining", 'timezone = ""', "must be a time zone"),
    ("retraining", 'data_arrival = "s3://bucket/key"', "must be a key of the bucket"),
    ("retraining", 'drift_alarms = " x"', "must be a prefix of names of alarms"),
]


@pytest.mark.parametrize(("section", "content", "sentence"), OTHERS)
def test_notifications_and_retraining(tmp_path: Path, section: str, content: str, sentence: str) -> None:
    lines = refusals(tmp_path, f"[{section}]\n{content}")
    assert len(lines) == bool(sentence)
    assert all(line.startswith(f"test.toml: {section}.") and sentence in line for line in lines)


def schedule(**changes: object) -> str:
    keys = {
        "name": '"morning"',
        "expression": '"cron(0 7 ? * MON-FRI *)"',
        "min_instances": 4,
        "max_instances": 8,
        "timezone": '"Europe/Amsterdam"',
    }
    lines = [f"{key} = {value}" for key, value in {**keys, **changes}.items() if value is not None]
    return "[[serving.autoscaling_schedules]]\n" + "\n".join(lines) + "\n"


EXPRESSIONS = [
    "cron(0 7 ? * MON-FRI *)",
    "cron(0/15 * * * ? *)",
    "cron(0 18 L * ? *)",
    "cron(0 18 15W JAN,JUL ? 2026-2030)",
    "cron(30 6 ? * 2#1 *)",
    "cron(30 6 ? * FRIL *)",
    "cron(0,30 8-18 ? * mon,wed *)",
    "at(2026-12-24T18:00:00)",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_schedules_that_are_taken(tmp_path: Path, expression: str) -> None:
    settings = loaded(tmp_path, SCALED + schedule(expression=f'"{expression}"', timezone='"UTC"'))
    [found] = settings.serving.autoscaling_schedules
    assert (found.expression, found.min_instances, found.max_instances) == (expression, 4, 8)


NO_EXPRESSIONS = [
    ("cron(0 7 * * MON-FRI *)", "one of day of month and day of week is ?"),
    ("cron(0 7 ? * ? *)", "one of day of month and day of week is ?"),
    ("cron(0 7 ? * MON-FRI)", 'must be "cron(0 7 ? * MON-FRI *)"'),
    ("cron(60 7 ? * MON *)", "60 is not a valid minute (0 to 59)"),
    ("cron(0 24 ? * MON *)", "24 is not a valid hour"),
    ("cron(0 7 32 * ? *)", "32 is not a valid day of month"),
    ("cron(0 7 1 13 ? *)", "13 is not a valid month"),
    ("cron(0 7 ? * 8 *)", "8 is not a valid day of week"),
    ("cron(0 7 ? * MON 1969)", "1969 is not a valid year"),
    ("cron(0 9-7 ? * MON *)", "9-7 is not a valid hour"),
    ("cron(0/0 7 ? * MON *)", "0/0 is not a valid minute"),
    ("cron(, 7 ? * MON *)", ", is not a valid minute"),
    ("cron(٣ 7 ? * MON *)", "is not a valid minute"),
    ("at(2026-02-30T18:00:00)", "must be a time that exists"),
    ("at(2026-12-24)", 'or "at(2026-12-24T18:00:00)" for once'),
    ("rate(5 minutes)", 'must be "cron('),
    ("", 'must be "cron('),
]


@pytest.mark.parametrize(("expression", "sentence"), NO_EXPRESSIONS)
def test_expressions_that_aws_would_refuse_later(tmp_path: Path, expression: str, sentence: str) -> None:
    [line] = refusals(tmp_path, SCALED + schedule(expression=f'"{expression}"'))
    assert line.startswith("test.toml: serving.autoscaling_schedules = [{…}]: entry 1: expression = ")
    assert sentence in line


SCHEDULES = [
    (schedule(name='"a b"'), 'entry 1: name = "a b" must be 1 to 100 letters'),
    (schedule(timezone='"Mars/Phobos"'), 'entry 1: timezone = "Mars/Phobos" must be a time zone such as'),
    (schedule(min_instances=-1), "entry 1: min_instances = -1 must be at least 0"),
    (schedule(max_instances='"8"'), 'entry 1: max_instances = "8" must be a whole number, without quotes'),
    (schedule(timezone=None), "entry 1: timezone is missing; add it"),
    (schedule() + schedule(name='"x"', cron='"x"'), 'entry 2: cron = "x" is not a key of it; remove it'),
    (schedule(min_instances=9), "the minimum of morning is above its maximum"),
    (schedule() + schedule(), "two schedules are called morning"),
    (schedule(min_instances=0), "set the minimum of morning to 1 or more"),
    (schedule(min_instances=1), "set autoscaling_schedules to 2 or more"),
    ("autoscaling_schedules = 5\n", "serving.autoscaling_schedules = 5: must be a list"),
]


@pytest.mark.parametrize(("schedules", "sentence"), SCHEDULES)
def test_schedules_that_are_refused(tmp_path: Path, schedules: str, sentence: str) -> None:
    lines = refusals(tmp_path, SCALED + schedules)
    assert any(sentence in line for line in lines)
    assert all(line.startswith("test.toml: ") for line in lines)


def test_schedules_need_autoscaling(tmp_path: Path) -> None:
    [line] = refusals(tmp_path, schedule())
    assert "without autoscaling there are no bounds to change" in line


def test_schedules_are_shown_as_they_could_be_written(tmp_path: Path) -> None:
    import tomllib

    settings = loaded(tmp_path, SCALED + schedule())
    [shown] = tomllib.loads(show(settings))["serving"]["autoscaling_schedules"]
    assert shown == settings.serving.autoscaling_schedules[0].model_dump()


@pytest.mark.parametrize(
    ("env", "expected"),
    [("prod", True), ("prod+local", True), ("staging", False), ("staging+local", False), ("local", False)],
)
def test_production_is_the_environment_that_the_delivery_names(env: str, expected: bool) -> None:
    assert load(env).is_production is expected
