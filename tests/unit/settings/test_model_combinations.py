"""Values that are fine alone and impossible together: refused with every key, its file, and the way out."""

from pathlib import Path

import pytest

from settings.environments import CONFIG
from settings.errors import SettingsProblem
from settings.loader import load

BASE = (CONFIG / "base.toml").read_text()
SERVERLESS = '[serving]\nkind = "serverless"\nmax_payload_bytes = 4194304\ndata_capture_percent = 0\n'
SCALED_SERVERLESS = SERVERLESS + "serverless_provisioned_concurrency = 2\nserverless_provisioned_max = 10\n"
AT_ONCE = '[rollout]\nstrategy = "all_at_once"\n'
ASYNC = '[serving]\nkind = "async"\n[alarms]\nerror_rate = 0\nerror_4xx_rate = 0\n'
KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"


def schedule(low: int, high: int) -> str:
    bounds = f"min_instances = {low}\nmax_instances = {high}\n"
    name = 'name = "morning"\nexpression = "cron(0 7 ? * MON-FRI *)"\ntimezone = "UTC"\n'
    return f"[[serving.autoscaling_schedules]]\n{name}{bounds}"


def refusals(folder: Path, overlay: str, env: str = "test") -> list[str]:
    (folder / "base.toml").write_text(BASE)
    (folder / f"{env}.toml").write_text(overlay)
    try:
        load(env, folder)
    except SettingsProblem as problem:
        return [line.replace(f"{folder}/", "") for line in problem.lines]
    return []


REGRESSION = '[problem]\ntype = "regression"\npositive = ""\n[quality_gate]\nmetric = "rmse"\n'
FORTY_SIX = ", ".join(f'"c{number}"' for number in range(46))
IMPOSSIBLE = [
    # the overlay; the keys that the refusal names, * for those whose value is the base's; what to do
    (
        "[data]\nvalidation_fraction = 0.5\ntest_fraction = 0.5",
        "data.validation_fraction data.test_fraction",
        "some to train",
    ),
    ('[data]\nkey = ["churned"]', "data.key data.target*", "name it in data.target only"),
    ('[data]\nignore = ["churned"]', "data.ignore data.target*", "name it in data.target only"),
    ('[data]\nnumeric = ["churned"]', "data.numeric data.target*", "name it in data.target only"),
    ('[data]\ncategorical = ["churned"]', "data.categorical data.target*", "name it in data.target only"),
    (
        '[data]\ncategorical = ["zip", "age"]\nnumeric = ["age"]',
        "data.categorical data.numeric",
        "keep age in one of the",
    ),
    ('[data]\nignore = ["age"]\nnumeric = ["age"]', "data.ignore data.numeric", "keep age in one of the two lists"),
    (
        '[data]\nignore = ["age"]\ncategorical = ["age"]',
        "data.ignore data.categorical",
        "keep age in one of the two lists",
    ),
    ('[data]\nsplit = "time"', "data.split data.event_time*", "name the column that says when each row happened"),
    (
        REGRESSION + '[data]\nsplit = "stratified"',
        "data.split problem.type",
        'a regression has no classes; set it to "key" or "time"',
    ),
    ('[data]\nevent_time = "churned"', "data.event_time data.target*", "name another column"),
    ('[data]\nweight = "churned"', "data.weight data.target*", "name another column"),
    ('[data]\nweight = "a"\nignore = ["a"]', "data.weight data.ignore", "keep a in one of them"),
    ('[data]\nweight = "customer_id"', "data.weight data.key*", "keep customer_id in one of them"),
    ('[data]\nevent_time = "a"\nnumeric = ["a"]', "data.event_time data.numeric", "keep a in one of them"),
    ('[data]\nweight = "a"\nprivate = { a = "drop" }', "data.weight data.private", "it is read as it is"),
    ('[data]\nweight = "a"\nevent_time = "a"', "data.weight data.event_time", "they must be two columns"),
    ('[data]\nfacets = ["churned"]', "data.facets data.target*", "name it in data.target only"),
    ('[data]\nfacets = ["age"]\nignore = ["age"]', "data.ignore data.facets", "keep age in one of the two lists"),
    ('[data]\nfacets = ["age"]\nnumeric = ["age"]', "data.numeric data.facets", "keep age in one of the two lists"),
    (f"[data]\nfacets = [{FORTY_SIX}]", "data.facets data.missing* data.key*", "51 entries and may have 50"),
    (f"[data]\nignore = [{FORTY_SIX}]", "data.ignore data.missing* data.key*", "51 entries and may have 50"),
    (REGRESSION.replace('""', '"yes"'), "problem.positive problem.type", 'set it to ""'),
    (
        '[quality_gate]\nmetric = "rmse"',
        "quality_gate.metric problem.type*",
        "one of auc, pr_auc, accuracy, precision, recall",
    ),
    (
        "[quality_gate]\nthreshold = 80",
        "quality_gate.threshold quality_gate.metric*",
        "auc is from 0 to 1; set the threshold",
    ),
    (
        REGRESSION + "threshold = -1",
        "quality_gate.threshold quality_gate.metric",
        "rmse is at least 0; set the threshold",
    ),
    (
        REGRESSION.replace("rmse", "r2") + "threshold = 1.5",
        "quality_gate.threshold quality_gate.metric",
        "r2 is at most 1; set",
    ),
    (
        "[quality_gate]\nchampion_tolerance = 1",
        "quality_gate.champion_tolerance quality_gate.metric*",
        "0.01 is one percent",
    ),
    (REGRESSION + '[training]\nimbalance = "weights"', "training.imbalance problem.type", 'set it to "none"'),
    (
        '[training]\ndevice = "cuda"',
        "training.device training.instance_type*",
        'take one such as "ml.g5.xlarge", or set',
    ),
    (
        '[data]\nprivate = { mail = "hash" }',
        "data.private serving.data_capture_percent*",
        "requests with the values of mail would be stored; set the percent to 0, or drop the columns",
    ),
    (
        '[data]\nnumeric = ["card"]\nprivate = { card = "drop" }',
        "data.numeric data.private",
        "take card out of one of them",
    ),
    (
        '[data]\nprivate = { churned = "drop" }',
        "data.private data.target*",
        "the target is stored with every row; take it out",
    ),
    (
        "[training]\nspot = true\nmax_wait_seconds = 7199",
        "training.max_wait_seconds training.spot training.max_runtime_seconds*",
        "set max_wait_seconds to max_runtime_seconds or more",
    ),
    (
        '[rollout]\nstrategy = "rolling"\ncanary_percent = 20',
        "rollout.canary_percent rollout.strategy",
        "remove it, or choose",
    ),
    (
        "[rollout]\nlinear_step_percent = 20",
        "rollout.linear_step_percent rollout.strategy*",
        'rollout.strategy = "linear"; remove',
    ),
    (
        "[rollout]\nrolling_batch_percent = 20",
        "rollout.rolling_batch_percent rollout.strategy*",
        '"rolling"; remove it, or',
    ),
    (
        "[rollout]\nrolling_rollback_percent = 20",
        "rollout.rolling_rollback_percent rollout.strategy*",
        '"rolling"; remove',
    ),
    (
        "[serving]\nserverless_memory_mb = 1024",
        "serving.serverless_memory_mb serving.kind*",
        '"serverless"; remove it, or',
    ),
    (
        "[serving]\nserverless_max_concurrency = 5",
        "serving.serverless_max_concurrency serving.kind*",
        '"serverless"; remove',
    ),
    (
        "[serving]\nserverless_provisioned_target = 0.5",
        "serving.serverless_provisioned_target serving.kind*",
        '"serverless"; remove',
    ),
    (
        SERVERLESS + "serverless_provisioned_concurrency = 11\n" + AT_ONCE,
        "serving.serverless_provisioned_concurrency serving.serverless_max_concurrency*",
        "lower it, or raise the concurrency",
    ),
    (
        SERVERLESS + "serverless_provisioned_concurrency = 2\nserverless_provisioned_max = 11\n" + AT_ONCE,
        "serving.serverless_provisioned_max serving.serverless_max_concurrency*",
        "lower it, or raise the concurrency",
    ),
    (
        SERVERLESS + "serverless_provisioned_max = 2\n" + AT_ONCE,
        "serving.serverless_provisioned_max serving.serverless_provisioned_concurrency*",
        "provision 1 or more to begin with",
    ),
    (
        SERVERLESS + "serverless_provisioned_concurrency = 3\nserverless_provisioned_max = 2\n" + AT_ONCE,
        "serving.serverless_provisioned_max serving.serverless_provisioned_concurrency",
        "the maximum is below what it begins with",
    ),
    (
        SCALED_SERVERLESS + schedule(0, 5) + AT_ONCE,
        "serving.autoscaling_schedules serving.kind",
        "set the minimum of morning to 1 or more",
    ),
    (
        SCALED_SERVERLESS + schedule(5, 11) + AT_ONCE,
        "serving.autoscaling_schedules serving.serverless_max_concurrency*",
        "lower the maximum of morning",
    ),
    (
        SERVERLESS + schedule(2, 5) + AT_ONCE,
        "serving.autoscaling_schedules serving.autoscaling_max_instances*",
        "without autoscaling there are no bounds to change",
    ),
    (
        SERVERLESS + AT_ONCE + "termination_wait_seconds = 100",
        "rollout.termination_wait_seconds alarms.period_seconds* alarms.datapoints*",
        "no alarm can fire in less than 120 s",
    ),
    (
        SERVERLESS + AT_ONCE + '[network]\nsubnets = ["subnet-0a1b2c3d"]\nsecurity_groups = ["sg-0a1b2c3d"]',
        "network.subnets serving.kind",
        "no VPC; set it to []",
    ),
    (
        SERVERLESS + AT_ONCE + "[network]\nisolation = true",
        "network.isolation serving.kind",
        "isolation; set it to false",
    ),
    (
        SERVERLESS.replace("percent = 0", "percent = 5") + AT_ONCE,
        "serving.data_capture_percent serving.kind",
        "no data capture; set it to 0",
    ),
    (
        SERVERLESS + "autoscaling_max_instances = 4\n" + AT_ONCE,
        "serving.autoscaling_max_instances serving.kind",
        "no instances to scale; set it to 0",
    ),
    (SERVERLESS, "serving.kind rollout.strategy*", 'set rollout.strategy to "all_at_once"'),
    (
        "[serving]\ninstance_count = 1",
        "serving.instance_count rollout.strategy*",
        "set instance_count to 2 or more, or the",
    ),
    (
        '[serving]\ninstance_count = 1\n[rollout]\nstrategy = "rolling"',
        "rollout.strategy serving.instance_count",
        'the strategy to "all_at_once"',
    ),
    (
        "[serving]\nautoscaling_min_instances = 1\nautoscaling_max_instances = 4",
        "serving.autoscaling_min_instances rollout.strategy*",
        "set autoscaling_min_instances to 2 or more",
    ),
    (
        "[rollout]\ntimeout_seconds = 1200",
        "rollout.timeout_seconds rollout.wait_seconds* rollout.termination_wait_seconds*",
        "take 1200 s and the timeout must be longer",
    ),
    (
        '[rollout]\nstrategy = "linear"\nlinear_step_percent = 30\nwait_seconds = 2200',
        "rollout.wait_seconds rollout.timeout_seconds* rollout.termination_wait_seconds*",
        "take 7200 s and the timeout must be longer",
    ),
    (
        '[rollout]\nstrategy = "rolling"\nrolling_batch_percent = 30\nwait_seconds = 1800',
        "rollout.wait_seconds rollout.timeout_seconds*",
        "take 7200 s and the timeout must be longer",
    ),
    (
        AT_ONCE + "termination_wait_seconds = 900\ntimeout_seconds = 900",
        "rollout.timeout_seconds rollout.termination_wait_seconds",
        "take 900 s and the timeout must be longer",
    ),
    (
        "[rollout]\nwait_seconds = 119",
        "rollout.wait_seconds alarms.period_seconds* alarms.datapoints*",
        "bake at least that long",
    ),
    (
        "[alarms]\nerror_rate = 0\nerror_4xx_rate = 0\nlatency_ms = 0\n[rollout]\nbake_requests_per_second = 0",
        "rollout.bake_requests_per_second alarms.error_rate alarms.error_4xx_rate alarms.latency_ms rollout.strategy* "
        "alarms.extra*",
        "set one above 0",
    ),
    (
        ASYNC.replace("or_rate = 0", "or_rate = 0.1"),
        "alarms.error_rate serving.kind",
        "set it to 0, watch latency_ms or extra",
    ),
    (
        ASYNC.replace("4xx_rate = 0", "4xx_rate = 0.1"),
        "alarms.error_4xx_rate serving.kind",
        "set it to 0, watch latency_ms",
    ),
    (
        "[alarms]\ndatapoints = 4\n[rollout]\nwait_seconds = 240",
        "alarms.datapoints alarms.evaluation_periods*",
        "2 of 3 is usual",
    ),
    (
        "[serving]\ninstance_count = 5\nautoscaling_max_instances = 4",
        "serving.instance_count serving.autoscaling_max_instances serving.autoscaling_min_instances*",
        "must rise",
    ),
    (
        "[serving]\ninstance_count = 3\nautoscaling_min_instances = 4\nautoscaling_max_instances = 8",
        "serving.autoscaling_min_instances serving.instance_count serving.autoscaling_max_instances",
        "must rise",
    ),
    (
        "[serving]\nautoscaling_min_instances = 0\nautoscaling_max_instances = 4\n" + AT_ONCE,
        "serving.autoscaling_min_instances serving.kind*",
        "set the minimum to 1 or more",
    ),
    ("[serving]\nmax_payload_bytes = 6291457", "serving.max_payload_bytes serving.kind*", "must be at most 6291456"),
    (
        SERVERLESS.replace("4194304", "4194305") + AT_ONCE,
        "serving.max_payload_bytes serving.kind",
        "must be at most 4194304",
    ),
    (
        '[serving]\nkind = "batch"\nmax_payload_bytes = 104857601',
        "serving.max_payload_bytes serving.kind",
        "must be at most 104857600",
    ),
    (
        '[aws]\nsecret_access_key = "y"\nendpoint_url = "http://localhost:5155"',
        "aws.secret_access_key aws.access_key_id*",
        "set both or neither",
    ),
    ('[network]\nsubnets = ["subnet-0a1b2c3d"]', "network.subnets network.security_groups*", "set both, or both to []"),
    (
        '[network]\nsecurity_groups = ["sg-0a1b2c3d"]',
        "network.security_groups network.subnets*",
        "set both, or both to []",
    ),
    (f'[network]\nkms_key_id = "{KEY}"', "network.kms_key_id aws.region*", "name one of this region"),
    (
        '[aws]\naccount_id = "111111111111"\nrole_arn = "arn:aws:iam::222222222222:role/x"',
        "aws.role_arn aws.account_id",
        "correct one of them",
    ),
]


@pytest.mark.parametrize(("overlay", "keys", "remedy"), IMPOSSIBLE)
def test_impossible_combinations_are_refused(tmp_path: Path, overlay: str, keys: str, remedy: str) -> None:
    [line] = refusals(tmp_path, overlay)
    first, *others = keys.split()
    assert line.startswith(f"test.toml: {first} = ")
    assert all(f" {key.rstrip('*')} = " in line for key in others)
    assert line.count(" (base.toml)") == keys.count("*")
    assert remedy in line


def test_a_combination_is_reported_with_values_files_and_the_remedy(tmp_path: Path) -> None:
    assert refusals(tmp_path, "[rollout]\nwait_seconds = 60") == [
        "test.toml: rollout.wait_seconds = 60 with alarms.period_seconds = 60 (base.toml) and alarms.datapoints = 2 "
        "(base.toml): no alarm can fire in less than 120 s (period_seconds x datapoints); bake at least that long"
    ]


@pytest.mark.parametrize(
    "url", ["", "https://aws.example", "http://127.0.0.1.example", "http://localhost.example:5155"]
)
def test_keys_are_for_a_local_endpoint_only_and_never_shown(tmp_path: Path, url: str) -> None:
    lines = refusals(
        tmp_path, f'[aws]\naccess_key_id = "hunter1"\nsecret_access_key = "hunter2"\nendpoint_url = "{url}"'
    )
    for key, line in zip(("access_key_id", "secret_access_key"), lines, strict=True):
        assert line == (
            f'test.toml: aws.{key} = "****" with aws.endpoint_url = "{url}": only a local endpoint takes it: for AWS '
            'use a profile, a role or the shell\'s variables, and set this to ""'
        )


POSSIBLE = [
    "[data]\nvalidation_fraction = 0.5\ntest_fraction = 0.49",
    '[data]\nkey = ["id"]\nignore = ["id"]',
    "[data]\nignore = [" + ", ".join(f'"c{i}"' for i in range(45)) + "]",
    '[problem]\npositive = ""',
    "[quality_gate]\nthreshold = 0",
    "[quality_gate]\nthreshold = 1",
    REGRESSION + "threshold = 80\nchampion_tolerance = 5",
    REGRESSION.replace("rmse", "r2") + "threshold = -1",
    REGRESSION.replace("regression", "multiclass").replace("rmse", "macro_f1") + '[training]\nimbalance = "weights"',
    '[training]\ndevice = "cuda"\ninstance_type = "ml.g5.xlarge"',
    '[training]\ndevice = "cuda"\ninstance_type = "ml.p4d.24xlarge"',
    "[training]\nspot = true\nmax_wait_seconds = 7200",
    "[training]\nmax_wait_seconds = 60",
    SERVERLESS + "serverless_memory_mb = 3072\nserverless_max_concurrency = 200\n" + AT_ONCE,
    SERVERLESS + "instance_count = 1\n" + AT_ONCE,
    SERVERLESS + "serverless_provisioned_concurrency = 2\nserverless_provisioned_max = 10\n" + AT_ONCE,
    SCALED_SERVERLESS + schedule(2, 10) + AT_ONCE,
    ASYNC + "[rollout]\nwait_seconds = 120",
    ASYNC.replace('"async"', '"async"\nautoscaling_min_instances = 0\nautoscaling_max_instances = 4') + AT_ONCE,
    ASYNC.replace('"async"', '"async"\nmax_payload_bytes = 1073741824'),
    '[serving]\nkind = "batch"\ninstance_count = 1',
    '[serving]\nkind = "batch"\nmax_payload_bytes = 104857600',
    "[serving]\ninstance_count = 1\n" + AT_ONCE + "wait_seconds = 0",
    "[serving]\nautoscaling_min_instances = 2\nautoscaling_max_instances = 2",
    "[rollout]\ntimeout_seconds = 1201",
    "[rollout]\ncanary_percent = 50\nwait_seconds = 120",
    '[rollout]\nstrategy = "linear"\nlinear_step_percent = 50\nwait_seconds = 3600',
    '[rollout]\nstrategy = "rolling"\nrolling_batch_percent = 40\nwait_seconds = 2399\ntermination_wait_seconds = 3600',
    '[rollout]\nstrategy = "rolling"\nrolling_rollback_percent = 50',
    '[alarms]\nerror_rate = 0\nerror_4xx_rate = 0\nlatency_ms = 0\nextra = ["orders-per-minute-low"]',
    "[alarms]\nerror_rate = 0\nerror_4xx_rate = 0\nlatency_ms = 0\n" + AT_ONCE,
    "[alarms]\nerror_rate = 0\nerror_4xx_rate = 0\nlatency_ms = 0",
    "[alarms]\nerror_rate = 0.1\nerror_4xx_rate = 0\nlatency_ms = 0",
    "[alarms]\nerror_rate = 0\nerror_4xx_rate = 0.1\nlatency_ms = 0",
    "[alarms]\nerror_rate = 0\nerror_4xx_rate = 0\nlatency_ms = 100",
    "[alarms]\ndatapoints = 3",
    '[aws]\nendpoint_url = "http://localhost:5155"\naccess_key_id = "x"\nsecret_access_key = "y"',
    '[aws]\nendpoint_url = "https://aws.example:443"',
    '[network]\nsubnets = ["subnet-0a1b2c3d"]\nsecurity_groups = ["sg-0a1b2c3d"]\nisolation = true',
    f'[aws]\nregion = "us-east-1"\n[network]\nkms_key_id = "{KEY}"',
    '[network]\nkms_key_id = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"',
    '[aws]\naccount_id = "222222222222"\nrole_arn = "arn:aws:iam::222222222222:role/x"',
]


@pytest.mark.parametrize("overlay", POSSIBLE)
def test_what_comes_close_is_accepted(tmp_path: Path, overlay: str) -> None:
    assert refusals(tmp_path, overlay) == []


def test_a_bucket_s_name_that_would_be_too_long_is_refused(tmp_path: Path) -> None:
    overlay = f'[project]\nname = "{"a" * 30}"\n[aws]\nregion = "ap-southeast-1"\n'
    assert refusals(tmp_path, overlay, env="four") == []
    [line] = refusals(tmp_path, overlay, env="fives")
    assert line == (
        f'fives.toml: project.name = "{"a" * 30}" with aws.region = "ap-southeast-1" and aws.bucket = "" (base.toml): '
        f"the bucket would be called {'a' * 30}-fives-000000000000-ap-southeast-1, 64 characters of at most 63; "
        "shorten project.name or set aws.bucket"
    )
    assert refusals(tmp_path, overlay + 'bucket = "ours"', env="fives") == []


def test_sizes_of_other_strategies_in_the_base_are_only_defaults(tmp_path: Path) -> None:
    assert "canary_percent = " in BASE
    assert refusals(tmp_path, '[rollout]\nstrategy = "rolling"') == []


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    overlay = (
        '[training]\nrounds = "many"\nroundz = 5\n[serving]\ninstance_count = 1\n[quality_gate]\nthreshold = 80\n'
        "[rollout]\nwait_seconds = 5000\n[alarm]\nerror_rate = 1"
    )
    keys = [line.split(" = ")[0].split(": ", 1)[1] for line in refusals(tmp_path, overlay)]
    assert keys == [
        "training.rounds",
        "training.roundz",
        "rollout.wait_seconds",
        "[alarm]: is not a section; did you mean alarms?",
        "quality_gate.threshold",
        "serving.instance_count",
    ]


def test_a_refused_value_is_not_judged_again_with_others(tmp_path: Path) -> None:
    [line] = refusals(tmp_path, '[rollout]\ntimeout_seconds = "1"')
    assert line == 'test.toml: rollout.timeout_seconds = "1": must be a whole number, without quotes'


def test_the_message_of_many_problems_counts_and_lists_them(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(BASE)
    (tmp_path / "test.toml").write_text("[training]\nrounds = 0\nmax_bin = 1")
    with pytest.raises(SettingsProblem) as problem:
        load("test", tmp_path)
    assert str(problem.value) == (
        "2 settings are wrong:\n"
        f"  {tmp_path}/test.toml: training.rounds = 0: must be at least 1\n"
        f"  {tmp_path}/test.toml: training.max_bin = 1: must be at least 2"
    )


def test_a_server_is_named_or_started_but_not_both(tmp_path):
    both = '[aws]\nendpoint_url = "http://127.0.0.1:1"\nendpoint_command = ["python", "-m", "localcloud", "up"]'
    (line,) = refusals(tmp_path, both)
    assert "aws.endpoint_url" in line
    assert "aws.endpoint_command" in line
