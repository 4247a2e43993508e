"""Every limit of a single value: the last one accepted, the first one refused, and what the refusal says."""

import json
import re
from pathlib import Path

import pytest

from settings.environments import CONFIG
from settings.errors import SettingsProblem
from settings.loader import load
from settings.model import leaves
from settings.pipeline import Hyperparameters

BASE = (CONFIG / "base.toml").read_text()
DAY = 86_400


def written(value: object) -> str:
    return json.dumps(value)


def refusals(folder: Path, key: str, value: object) -> list[str]:
    """The lines about this value alone: ``<file>: <key> = <value>: must ...``."""
    section, name = key.split(".", 1)
    (folder / "base.toml").write_text(BASE)
    (folder / "test.toml").write_text(f"[{section}]\n{name} = {written(value)}\n")
    try:
        load("test", folder)
    except SettingsProblem as problem:
        start = f"{folder}/test.toml: {key} = "
        alone = [line for line in problem.lines if not re.search(r" with \w+\.\w+ = ", line)]
        return [line.removeprefix(start) for line in alone if line.startswith(start)]
    return []


NUMBERS = [
    # key, least, below it, most, above it (None: no such limit)
    ("data.validation_fraction", 0.0001, 0, 0.9999, 1),
    ("data.test_fraction", 0.0001, 0, 0.9999, 1),
    ("data.max_rejected_fraction", 0, -0.1, 0.9999, 1),
    ("data.rare_level_rows", 1, 0, 10**9, None),
    ("data.max_levels", 2, 1, 10_000, 10_001),
    ("processing.volume_gb", 1, 0, 16_384, 16_385),
    ("processing.max_runtime_seconds", 1, 0, 9 * DAY, 9 * DAY + 1),
    ("training.rounds", 1, 0, 100_000, 100_001),
    ("training.early_stopping_rounds", 0, -1, 10**6, None),
    ("training.learning_rate", 0.0001, 0, 1, 1.0001),
    ("training.max_depth", 1, 0, 30, 31),
    ("training.min_child_weight", 0, -1, 1e9, None),
    ("training.subsample", 0.01, 0, 1, 1.01),
    ("training.colsample_bytree", 0.01, 0, 1, 1.01),
    ("training.reg_lambda", 0, -1, 1e9, None),
    ("training.max_bin", 2, 1, 65_535, 65_536),
    ("training.seed", 0, -1, 2**31 - 1, 2**31),
    ("training.checkpoint_rounds", 1, 0, 10**6, None),
    ("training.volume_gb", 1, 0, 16_384, 16_385),
    ("training.max_runtime_seconds", 1, 0, 28 * DAY, 28 * DAY + 1),
    ("training.max_wait_seconds", 1, 0, 28 * DAY, 28 * DAY + 1),
    ("quality_gate.champion_tolerance", 0, -0.1, 10**6, None),
    ("delivery.max_changed_labels", 0, -0.1, 1, 1.1),
    ("pipeline.cache_days", 0, -1, 365, 366),
    ("serving.instance_count", 1, 0, 10**4, None),
    ("serving.max_payload_bytes", 1024, 1023, 2**30, 2**30 + 1),
    ("serving.data_capture_percent", 0, -1, 100, 101),
    ("serving.serverless_memory_mb", 1024, 0, 6144, 7168),
    ("serving.serverless_max_concurrency", 1, 0, 200, 201),
    ("serving.serverless_provisioned_concurrency", 0, -1, 200, 201),
    ("serving.serverless_provisioned_max", 0, -1, 200, 201),
    ("serving.serverless_provisioned_target", 0.1, 0.09, 0.9, 0.91),
    ("serving.autoscaling_min_instances", 0, -1, 10**4, None),
    ("serving.autoscaling_max_instances", 0, -1, 10**4, None),
    ("serving.autoscaling_target_per_instance", 1, 0, 10**6, None),
    ("rollout.canary_percent", 1, 0, 50, 51),
    ("rollout.linear_step_percent", 10, 9, 50, 51),
    ("rollout.rolling_batch_percent", 5, 4, 50, 51),
    ("rollout.rolling_rollback_percent", 5, 4, 100, 101),
    ("rollout.wait_seconds", 0, -1, 3600, 3601),
    ("rollout.termination_wait_seconds", 0, -1, 3600, 3601),
    ("rollout.timeout_seconds", 600, 599, 23_400, 23_401),
    ("serving.autoscaling_scale_in_cooldown_seconds", 0, -1, 3600, 3601),
    ("serving.autoscaling_scale_out_cooldown_seconds", 0, -1, 3600, 3601),
    ("rollout.bake_requests_per_second", 0, -1, 1000, 1001),
    ("rollout.keep_last_good", 1, 0, 20, 21),
    ("judgement.latency_factor", 1.05, 1, 10, 10.1),
    ("judgement.error_points", 0.01, 0, 50, 51),
    ("judgement.alpha", 0.001, 0, 0.5, 0.6),
    ("judgement.severe_latency_factor", 1.5, 1.4, 1000, 1001),
    ("judgement.severe_error_points", 1, 0.5, 100, 101),
    ("judgement.unjudged_minutes", 2, 1, 240, 241),
    ("alarms.error_rate", 0, -0.1, 1, 1.1),
    ("alarms.error_4xx_rate", 0, -0.1, 1, 1.1),
    ("alarms.latency_ms", 0, -1, 3_600_000, 3_600_001),
    ("alarms.idle_minutes", 0, -1, 1440, 1441),
    ("alarms.memory_percent", 0, -1, 100, 101),
    ("alarms.disk_percent", 0, -1, 100, 101),
    ("alarms.concurrency_percent", 0, -1, 100, 101),
    ("alarms.traffic_floor", 1, 0, 10**6, None),
    ("alarms.period_seconds", 60, 0, 3600, 3660),
    ("alarms.datapoints", 1, 0, 24, None),
    ("alarms.evaluation_periods", 1, 0, 24, 25),
    ("delivery.overdue_hours", 0, -1, 720, 721),
    ("automatic_approval.minimum_improvement", 0, -0.1, 10**9, None),
]


@pytest.mark.parametrize(("key", "least", "below", "most", "above"), NUMBERS, ids=[row[0] for row in NUMBERS])
def test_numbers_end_at_their_limits(
    tmp_path: Path, key: str, least: float, below: float, most: float, above: float | None
) -> None:
    assert refusals(tmp_path, key, least) == []
    assert refusals(tmp_path, key, most) == []
    [line] = refusals(tmp_path, key, below)
    assert line.startswith((f"{written(below)}: must be at least ", f"{written(below)}: must be more than "))
    if above is not None:
        [line] = refusals(tmp_path, key, above)
        assert line.startswith((f"{written(above)}: must be at most ", f"{written(above)}: must be less than "))


def test_every_number_is_in_that_table() -> None:
    numbers = {path for path, field in leaves().items() if field.annotation in (int, float)}
    compared = {f"training.{name}" for name in Hyperparameters.model_fields}  # with the script's: see test_load.py
    missing = numbers - compared - {row[0] for row in NUMBERS}
    of_metrics = {"quality_gate.threshold", "automatic_approval.metric_limit"}  # their range depends on the metric
    assert missing == of_metrics


ARN = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
TEXTS = [
    # key, accepted, refused, what the refusal says
    (
        "project.name",
        ["churn", "a1", "ab-cd", "a" * 27],
        ["", "a", "Churn", "1a", "a--b", "a-", "a_b", "a" * 31, "a\n"],
        "2 to 30",
    ),
    ("project.group", ["A", "churn-dev", "a--b", "a" * 63], ["", "-a", "a-", "a b", "a" * 64], "1 to 63 letters"),
    ("aws.region", ["us-east-1", "us-gov-west-1"], ["", "europe", "eu-west", "EU-WEST-1", "eu-west-1a"], "eu-west-1"),
    ("aws.account_id", ["", "012345678901"], ["1234", "1234-5678-9012", "1" * 13], "12 digits"),
    (
        "aws.bucket",
        ["", "a.b-c", "a" * 63],
        ["ab", "s3://bucket", "Bucket", "a..b", "-ab", "a" * 64],
        "name of a bucket",
    ),
    ("aws.role_arn", ["", "arn:aws:iam::123456789012:role/a/b"], ["admin", "arn:aws:iam::1:role/x"], "ARN of a role"),
    (
        "aws.endpoint_url",
        ["", "http://127.0.0.1:5155"],
        ["127.0.0.1:5155", "ftp://a", "http://u:p@a", "http://a/b"],
        "host",
    ),
    ("data.uri", ["", "s3://bucket", "s3://bucket/a-b/"], ["/data", "s3://", "https://x/y"], "s3://bucket/"),
    ("data.target", ["churned", "två ord", "x" * 256], ["", " ", "-x", "a\tb", "x" * 257], ""),
    ("data.format", ["csv", "parquet", "auto"], ["CSV", "json", ""], 'one of "auto", "csv", "parquet"'),
    ("data.delimiter", [",", ";", "\t", "|", " "], ["", ",,", '"', "a", "1", "\n"], "one character"),
    ("data.missing", [[], [""], ["-", "-1", "-9.5", "?"]], [["--"], ["-na"], ["a", "a"], ["x\ny"], ["x" * 257]], ""),
    ("data.key", [[], ["a", "b"]], [["a", "a"], [""], ["-a"]], ""),
    ("data.ignore", [[], ["a"]], [["a", "a"], [""]], ""),
    ("data.categorical", [[], ["a"]], [["a", "a"], [""]], ""),
    ("data.numeric", [[], ["a"]], [["a", "a"], [""]], ""),
    ("problem.type", ["binary", "multiclass", "regression"], ["Binary", "classification"], "multiclass"),
    ("problem.positive", ["", "yes", "1"], ["-yes"], "dash"),
    (
        "processing.instance_type",
        ["ml.t3.medium", "ml.m6i.12xlarge"],
        ["m5.large", "ml.m5", "ml.m5.huge", ""],
        "ml.m6i.large",
    ),
    ("training.instance_type", ["ml.p4de.24xlarge", "ml.g5.xlarge"], ["ml.M5.large", "local"], "ml.m6i.large"),
    ("serving.instance_type", ["ml.inf2.xlarge"], ["ml.c5.large "], "ml.m6i.large"),
    (
        "training.imbalance",
        ["none", "weights", "oversample", "undersample"],
        ["threshold", ""],
        'one of "none", "weights", "oversample"',
    ),
    (
        "training.decision_threshold",
        ["0.5", "f1", "f0.5", "precision 0.9", "precision 1", "costs 1:20", "costs 0.5:2.5"],
        ["0", "1", "1.5", "f", "recall 0.9", "precision 1.2", "precision0.9", "costs 1", "costs 1:-2", ""],
        'be a number between 0 and 1 such as "0.5", or "f1"',
    ),
    ("training.device", ["auto", "cpu", "cuda"], ["gpu"], 'one of "auto", "cpu", "cuda"'),
    ("serving.kind", ["realtime", "serverless", "async", "batch"], ["real-time"], "did you mean realtime?"),
    ("rollout.strategy", ["canary", "linear", "rolling", "all_at_once"], ["blue_green"], 'one of "canary", "linear"'),
    (
        "alarms.latency_statistic",
        ["Average", "Maximum", "p99", "p99.9", "p100"],
        ["p101", "average", "Sum", "p"],
        "p99",
    ),
    ("alarms.extra", [[], ["a b"], [f"a{i}" for i in range(4)]], [[""], ["é"], ["x" * 256], ["a"] * 5], ""),
    ("network.subnets", [[f"subnet-{i:08x}" for i in range(16)]], [["sg-0a1b2c3d"], ["subnet-XYZ"]], "ID of a subnet"),
    ("network.security_groups", [["sg-0a1b2c3d"] * 5], [["subnet-0a1b2c3d"], ["default"]], "ID of a security group"),
    ("network.kms_key_id", ["", ARN, ARN.split("/")[1], "mrk-" + "0" * 32], ["alias/x", "x", ARN + "x"], "no alias"),
    ("tags.owner", ["", "a" * 256, "Grün 1"], ["a" * 257, "a,b", "<x>"], "at most 256"),
]


@pytest.mark.parametrize(("key", "accepted", "refused", "says"), TEXTS, ids=[row[0] for row in TEXTS])
def test_texts_and_lists_follow_their_rules(
    tmp_path: Path, key: str, accepted: list[object], refused: list[object], says: str
) -> None:
    for value in accepted:
        assert refusals(tmp_path, key, value) == [], value
    for value in refused:
        lines = refusals(tmp_path, key, value)
        assert lines, f"{value!r} was accepted"
        assert all("must" in line and says in line for line in lines), lines


def test_lists_end_at_the_service_s_limits(tmp_path: Path) -> None:
    assert "at most 16 entries" in refusals(tmp_path, "network.subnets", [f"subnet-{i:08x}" for i in range(17)])[0]
    assert "at most 5 entries" in refusals(tmp_path, "network.security_groups", [f"sg-{i:08x}" for i in range(6)])[0]
    assert "at most 4 entries" in refusals(tmp_path, "alarms.extra", [f"a{i}" for i in range(5)])[0]


WRONG_TYPES = [
    ("training.rounds", "5", 'training.rounds = "5": must be a whole number, without quotes'),
    ("training.rounds", True, "training.rounds = true: must be a whole number"),
    ("training.rounds", 5.0, "training.rounds = 5.0: must be a whole number"),
    ("training.learning_rate", "0.1", 'training.learning_rate = "0.1": must be a number, without quotes'),
    ("training.learning_rate", True, "training.learning_rate = true: must be a number"),
    ("training.spot", 1, "training.spot = 1: must be true or false"),
    ("training.spot", "true", 'training.spot = "true": must be true or false, without quotes'),
    ("aws.account_id", 123456789012, 'aws.account_id = 123456789012: must be text, in quotes: "123456789012"'),
    ("problem.positive", 1, 'problem.positive = 1: must be text, in quotes: "1"'),
    ("problem.positive", True, 'problem.positive = true: must be text, in quotes: "true"'),
    ("data.key", "id", 'data.key = "id": must be a list: write ["..."] with what belongs in it, or []'),
    ("data.key", ["id", 5], 'data.key = ["id", 5]: entry 2 must be text, in quotes: "5"'),
    ("rollout.strategy", 5, 'rollout.strategy = 5: must be one of "canary", "linear", "all_at_once", "rolling"'),
    ("tags.owner", ["a"], 'tags.owner = ["a"]: must be text, in quotes'),
    ("tags.owner", 5, 'tags.owner = 5: must be text, in quotes: "5"'),
]


@pytest.mark.parametrize(("key", "value", "line"), WRONG_TYPES)
def test_nothing_is_coerced(tmp_path: Path, key: str, value: object, line: str) -> None:
    start = line.split(" = ")[0] + " = "
    assert refusals(tmp_path, key, value) == [line.removeprefix(start)]


def test_a_limit_is_reported_with_its_reason_and_the_remedy(tmp_path: Path) -> None:
    assert refusals(tmp_path, "rollout.wait_seconds", 5000) == [
        "5000: must be at most 3600; SageMaker bakes for an hour at most; linear and rolling bake several times"
    ]
    assert refusals(tmp_path, "alarms.period_seconds", 90) == [
        "90: must be a multiple of 60; SageMaker's metrics come once a minute"
    ]
    assert refusals(tmp_path, "alarms.error_rate", 5) == ["5: must be at most 1; it is a fraction: 0.05 is 5 %"]
    assert refusals(tmp_path, "training.learning_rate", 0) == ["0: must be more than 0"]


@pytest.mark.parametrize("value", ["inf", "nan"])
def test_numbers_are_finite(tmp_path: Path, value: str) -> None:
    (tmp_path / "base.toml").write_text(BASE)
    (tmp_path / "test.toml").write_text(f"[quality_gate]\nthreshold = {value}")
    with pytest.raises(SettingsProblem, match=rf"quality_gate.threshold = {value}: must be a finite number$"):
        load("test", tmp_path)


@pytest.mark.parametrize("key", ["aws:owner", "AWS:x", "", "k" * 129, "a,b"])
def test_tag_keys_follow_aws_s_rules(tmp_path: Path, key: str) -> None:
    (tmp_path / "base.toml").write_text(BASE)
    (tmp_path / "test.toml").write_text(f'[tags]\n"{key}" = "x"')
    with pytest.raises(
        SettingsProblem, match=r'test.toml: tags\..* = "x": must have a key of 1 to 128 .*, not "aws:..."$'
    ):
        load("test", tmp_path)


def test_tags_leave_room_for_those_of_a_release(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(BASE)
    (tmp_path / "test.toml").write_text("[tags]\n" + "\n".join(f'k{i} = "x"' for i in range(47)))
    assert len(load("test", tmp_path).tags) == 48
    (tmp_path / "test.toml").write_text("[tags]\n" + "\n".join(f'k{i} = "x"' for i in range(48)))
    with pytest.raises(SettingsProblem, match="test.toml: tags = .* must have at most 48 entries; AWS takes 50 tags"):
        load("test", tmp_path)
