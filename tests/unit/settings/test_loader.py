"""Settings load, are frozen, know their sources, and base.toml holds all of them."""

import math
import subprocess
import sys
import tomllib
from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest
from botocore.session import get_session
from pydantic import ValidationError

from evaluation import metrics as evaluated
from settings.environments import CONFIG, environments
from settings.errors import SettingsProblem
from settings.loader import load
from settings.metrics import METRICS
from settings.model import Sections, Settings
from settings.pipeline import Training
from training import threshold_rule  # scripts/
from training.hyperparameters import Hyperparameters

ROOT = Path(__file__).resolve().parents[3]
BASE = (CONFIG / "base.toml").read_text()


def overlaid(folder: Path, text: str, env: str = "test") -> Settings:
    (folder / "base.toml").write_text(BASE)
    (folder / f"{env}.toml").write_text(text)
    return load(env, folder)


@pytest.mark.parametrize("env", environments(CONFIG))
def test_every_shipped_overlay_loads(env: str) -> None:
    settings = load(env)
    assert settings.env == env
    assert settings.pipeline_name == f"churn-{env}"


def test_the_shipped_environments() -> None:
    assert environments(CONFIG) == ["dev", "local", "prod", "staging"]


def test_base_holds_every_field_and_nothing_else() -> None:
    base = tomllib.loads(BASE)
    fields = {name: set(getattr(f.annotation, "model_fields", ())) for name, f in Sections.model_fields.items()}
    assert {name: set(keys) for name, keys in base.items() if name != "tags"} == {
        name: keys for name, keys in fields.items() if name != "tags"
    }
    assert "tags" in base


def test_no_field_has_a_default_beside_the_one_in_base() -> None:
    for name, section in Sections.model_fields.items():
        assert section.is_required(), name
        for key, field in getattr(section.annotation, "model_fields", {}).items():
            assert field.is_required(), f"{name}.{key}"


def test_overlays_hold_only_what_differs_from_base() -> None:
    base = tomllib.loads(BASE)
    for env in environments(CONFIG):
        for section, keys in tomllib.loads((CONFIG / f"{env}.toml").read_text()).items():
            same = [key for key, value in keys.items() if base[section].get(key) == value and key != "account_id"]
            assert not same, f"{env}.toml repeats {section}: {same}"


def test_the_gate_s_metrics_are_those_that_evaluate_reports() -> None:
    assert {problem: set(names) for problem, names in METRICS.items()} == {
        problem: set(names) for problem, names in evaluated.SHOWN.items()
    }


def test_training_knows_the_hyperparameters_of_the_script_and_their_ranges() -> None:
    for parameter in fields(Hyperparameters):
        field = Training.model_fields[parameter.name]
        limits, choices = parameter.metadata.get("range"), parameter.metadata.get("choices")
        if choices:
            assert get_args(field.annotation) == choices
            continue
        if "parse" in parameter.metadata:
            continue  # below
        bounds = {
            name: getattr(m, name) for m in field.metadata for name in ("gt", "ge", "lt", "le") if hasattr(m, name)
        }
        assert (bounds.get("ge", bounds.get("gt")), "gt" in bounds) == (limits.low, limits.low_excluded), parameter.name
        assert bounds.get("le", bounds.get("lt", math.inf) - 1) == limits.high, parameter.name


THRESHOLDS = ["0.5", "0.05", "f1", "f0.5", "f2", "precision 0.9", "precision 1", "costs 1:20", "costs 0.5:2.5"]
OTHERS = [
    "0",
    "0.0",
    "1",
    "1.0",
    "2",
    "f",
    "fx",
    "precision 0",
    "precision 1.5",
    "costs 1",
    "costs 1:x",
    "F1",
    " f1",
    "",
]


@pytest.mark.parametrize("text", [*THRESHOLDS, *OTHERS])
def test_training_takes_the_decision_thresholds_of_the_script(tmp_path: Path, text: str) -> None:
    def taken(check: Callable[[], object], error: type[Exception]) -> bool:
        try:
            check()
        except error:
            return False
        return True

    setting = f'[training]\ndecision_threshold = "{text}"'
    assert taken(lambda: threshold_rule.parse(text), ArgumentTypeError) == (text in THRESHOLDS)
    assert taken(lambda: overlaid(tmp_path, setting), SettingsProblem) == (text in THRESHOLDS)


@pytest.mark.parametrize("env", environments(CONFIG))
def test_shipped_instance_types_exist(env: str) -> None:
    model, settings = get_session().get_service_model("sagemaker"), load(env)
    assert settings.processing.instance_type in model.shape_for("ProcessingInstanceType").enum
    assert settings.training.instance_type in model.shape_for("TrainingInstanceType").enum
    assert settings.serving.instance_type in model.shape_for("ProductionVariantInstanceType").enum


def test_values_come_from_the_overlay_over_the_base(tmp_path: Path) -> None:
    settings = overlaid(tmp_path, '[training]\nrounds = 7\n[tags]\nowner = "a team"')
    assert settings.training.rounds == 7
    assert settings.training.seed == load("dev").training.seed
    assert settings.tags == {"project": "churn", "owner": "a team"}


def test_every_value_knows_its_file(tmp_path: Path) -> None:
    settings = overlaid(tmp_path, '[training]\nrounds = 7\n[tags]\n"cost.center" = "12"')
    assert settings.sources["training.rounds"] == "test.toml"
    assert settings.sources["training.seed"] == "base.toml"
    assert settings.sources["tags.cost.center"] == "test.toml"
    values = {f"{section}.{key}" for section, keys in settings.model_dump().items() for key in keys if section in BASE}
    assert set(settings.sources) == {path for path in values if not path.startswith(("env", "file", "sources"))}


def test_a_list_is_replaced_whole(tmp_path: Path) -> None:
    assert overlaid(tmp_path, '[data]\nmissing = ["?"]').data.missing == ("?",)


def test_a_whole_number_is_accepted_as_a_number(tmp_path: Path) -> None:
    assert overlaid(tmp_path, "[training]\nlearning_rate = 1").training.learning_rate == 1.0


def test_settings_are_frozen_to_the_last_tag() -> None:
    settings = load("local")
    with pytest.raises(ValidationError):
        settings.training = settings.training  # type: ignore[misc]
    with pytest.raises(ValidationError):
        settings.training.rounds = 1
    with pytest.raises(TypeError):
        settings.tags["x"] = "y"  # type: ignore[index]
    with pytest.raises(TypeError):
        settings.sources["training.rounds"] = "mine"  # type: ignore[index]
    assert isinstance(settings.data.missing, tuple)


def test_names_derived_from_project_environment_account_and_region() -> None:
    settings = load("local")
    assert settings.bucket == "churn-local-000000000000-eu-west-1"
    assert settings.prefix == "s3://churn-local-000000000000-eu-west-1/churn"
    assert settings.data_uri == "s3://churn-local-000000000000-eu-west-1/churn/data"
    assert settings.role_arn == "arn:aws:iam::000000000000:role/churn-local-training"


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_the_role_is_in_the_region_s_partition(tmp_path: Path, region: str, partition: str) -> None:
    settings = overlaid(tmp_path, f'[aws]\naccount_id = "123456789012"\nregion = "{region}"')
    assert settings.role_arn == f"arn:{partition}:iam::123456789012:role/churn-test-training"


def test_names_that_are_set_win(tmp_path: Path) -> None:
    role = "arn:aws:iam::123456789012:role/team/mlops"
    settings = overlaid(tmp_path, f'[aws]\nbucket = "ours"\nrole_arn = "{role}"\n[data]\nuri = "s3://theirs/in"')
    assert (settings.bucket, settings.role_arn, settings.data_uri) == ("ours", role, "s3://theirs/in")
    assert settings.prefix == "s3://ours/churn"


@pytest.mark.parametrize("name", ["bucket", "role_arn", "prefix", "data_uri"])
def test_without_an_account_a_derived_name_is_refused_with_the_remedy(name: str) -> None:
    with pytest.raises(SettingsProblem) as problem:
        getattr(load("prod"), name)
    assert str(problem.value) == (
        'config/prod.toml: aws.account_id = "": must be set, to name the bucket and the role; write the 12 digits that '
        "`aws sts get-caller-identity --query Account` prints, or set aws.bucket, aws.role_arn and aws.hosting_role_arn"
    )


def test_secrets_are_not_in_the_representation(tmp_path: Path) -> None:
    local = '[aws]\nendpoint_url = "http://127.0.0.1:5155"\naccess_key_id = "hunter1"\nsecret_access_key = "hunter2"'
    assert "hunter" not in repr(overlaid(tmp_path, local))


@pytest.mark.slow
def test_nothing_heavy_is_imported() -> None:
    code = (
        f"import sys; from pathlib import Path; from settings.loader import load; load('dev', Path({str(CONFIG)!r})); "
        "print([m for m in sys.modules if m.split('.')[0] in ('boto3', 'botocore', 'sagemaker', 'numpy', 'pandas')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == "[]"
