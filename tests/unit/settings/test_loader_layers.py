"""``--env prod+local``: production's settings on this machine. The first name names, the last value wins."""

from pathlib import Path

import pytest

from settings.environments import CONFIG
from settings.errors import SettingsProblem
from settings.loader import load
from settings.show_config import show

BASE = (CONFIG / "base.toml").read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "base.toml").write_text(BASE)
    for env in ("dev", "prod", "local"):
        (tmp_path / f"{env}.toml").write_text("")
    return tmp_path


def refusals(folder: Path, env: str, **overlays: str) -> list[str]:
    for name, text in overlays.items():
        (folder / f"{name}.toml").write_text(text)
    with pytest.raises(SettingsProblem) as problem:
        load(env, folder)
    return [line.replace(f"{folder}/", "") for line in problem.value.lines]


@pytest.mark.parametrize("env", ["staging", "prod", "dev"])
def test_every_environment_runs_on_this_machine(env: str) -> None:
    alone, local, here = load(env), load("local"), load(f"{env}+local")
    assert (here.env, here.layers) == (env, f"{env}+local")
    assert here.pipeline_name == here.endpoint_name == f"churn-{env}"
    assert here.bucket == f"churn-{env}-000000000000-eu-west-1"
    assert here.role_arn == f"arn:aws:iam::000000000000:role/churn-{env}-training"
    assert here.aws.endpoint_command == local.aws.endpoint_command
    assert here.serving == alone.serving
    assert here.rollout.model_copy(update={"bake_requests_per_second": 5}) == alone.rollout
    assert here.project == alone.project


def test_this_machine_delivers_to_environments_on_this_machine() -> None:
    for name in (load("local").delivery.staging, load("local").delivery.production):
        assert load(name).aws.account_id == "000000000000"
    assert load("prod").delivery.production == "prod"


def test_the_topmost_layer_wins_and_is_named_as_the_source(folder: Path) -> None:
    (folder / "prod.toml").write_text("[training]\nrounds = 7\nmax_depth = 3")
    (folder / "local.toml").write_text("[training]\nrounds = 8")
    settings = load("prod+local", folder)
    assert (settings.training.rounds, settings.training.max_depth) == (8, 3)
    assert settings.sources["training.rounds"] == "local.toml"
    assert settings.sources["training.max_depth"] == "prod.toml"
    assert settings.sources["training.seed"] == "base.toml"
    assert load("local+prod", folder).training.rounds == 7


def test_more_than_two_layers(folder: Path) -> None:
    for rounds, name in enumerate(("dev", "prod", "local"), 1):
        (folder / f"{name}.toml").write_text(f"[training]\nrounds = {rounds}")
    assert load("dev+prod+local", folder).training.rounds == 3
    assert load("dev+prod+local", folder).env == "dev"


def test_what_is_shown_names_all_files() -> None:
    lines = show(load("prod+local")).splitlines()
    assert lines[0] == "# config/local.toml over config/prod.toml over base.toml"
    [account] = [line for line in lines if line.startswith("aws.account_id")]
    [canary] = [line for line in lines if line.startswith("rollout.canary_percent")]
    [endpoint] = [line for line in lines if line.startswith("endpoint_name")]
    assert account.endswith("# local.toml")
    assert canary.endswith("# prod.toml")
    assert endpoint.split("#")[0].strip() == 'endpoint_name = "churn-prod"'


ABSENT = [
    ("prod+locl", 'environment "prod+locl": there is no {folder}/locl.toml; did you mean local? there are: dev, local'),
    ("prdo+local", 'environment "prdo+local": there is no {folder}/prdo.toml; did you mean prod? there are: dev'),
    ("prod+base", 'environment "prod+base": the name of the layer "base" must be at most 16'),
    ("prod+", 'environment "prod+": the name of the layer "" must be'),
    ("+", 'environment "+": the name of the layer "" must be'),
    ("prod+../local", 'environment "prod+../local": the name of the layer "../local" must be'),
    ("prod+local+prod", 'environment "prod+local+prod": has a layer twice; write each once'),
]


@pytest.mark.parametrize(("env", "sentence"), ABSENT)
def test_a_layer_that_is_not_there_is_refused_with_those_that_are(folder: Path, env: str, sentence: str) -> None:
    with pytest.raises(SettingsProblem) as problem:
        load(env, folder)
    assert str(problem.value).startswith(sentence.format(folder=folder))


def test_a_wrong_value_is_reported_with_its_layer(folder: Path) -> None:
    wrong = {"prod": "[training]\nrounds = 0", "local": "[training]\nseed = -1"}
    assert refusals(folder, "prod+local", **wrong) == [
        "prod.toml: training.rounds = 0: must be at least 1",
        "local.toml: training.seed = -1: must be at least 0",
    ]


def test_a_combination_names_each_file_the_topmost_first(folder: Path) -> None:
    [line] = refusals(
        folder, "prod+local", prod="[serving]\ninstance_count = 1", local='[rollout]\nstrategy = "linear"'
    )
    assert line.startswith(
        'local.toml: rollout.strategy = "linear" with serving.instance_count = 1 (prod.toml): one instance has no share'
    )


def test_a_layer_may_choose_otherwise_than_the_one_below(folder: Path) -> None:
    (folder / "prod.toml").write_text("[rollout]\ncanary_percent = 25")
    (folder / "local.toml").write_text('[rollout]\nstrategy = "all_at_once"')
    assert load("prod+local", folder).rollout.canary_percent == 25  # a default now, as in the base


def test_but_a_value_without_effect_is_refused_where_it_was_meant(folder: Path) -> None:
    prod, local = '[rollout]\nstrategy = "all_at_once"', "[rollout]\ncanary_percent = 25"
    [line] = refusals(folder, "prod+local", prod=prod, local=local)
    assert line.startswith('local.toml: rollout.canary_percent = 25 with rollout.strategy = "all_at_once" (prod.toml)')


def test_without_an_account_the_topmost_file_is_named(folder: Path) -> None:
    with pytest.raises(SettingsProblem, match=r"dev.toml: aws.account_id"):
        _ = load("prod+dev", folder).bucket
