"""--show-config: every value once, with its file; TOML that reads back; nothing secret."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from settings.environments import CONFIG, environments
from settings.loader import load
from settings.show_config import show

BASE = (CONFIG / "base.toml").read_text()


def parsed(env: str) -> dict[str, Any]:
    return tomllib.loads(show(load(env)))


@pytest.mark.parametrize("env", environments(CONFIG))
def test_what_is_shown_reads_back_as_the_settings(env: str) -> None:
    settings, content = load(env), parsed(env)
    assert content.pop("pipeline_name") == f"churn-{env}"
    assert content.pop("endpoint_name") == f"churn-{env}"
    content.pop("prefix")
    expected = settings.model_dump(exclude={"env", "layers", "files", "sources"})
    for section, key in (("aws", "bucket"), ("aws", "role_arn"), ("aws", "hosting_role_arn"), ("data", "uri")):
        content[section].pop(key)
        expected[section].pop(key)
    for key in ("access_key_id", "secret_access_key"):
        assert content["aws"].pop(key) == ("****" if expected["aws"].pop(key) else "")
    as_lists = {s: {k: list(v) if isinstance(v, tuple) else v for k, v in keys.items()} for s, keys in expected.items()}
    assert content == as_lists


@pytest.mark.parametrize("env", environments(CONFIG))
def test_every_line_says_where_its_value_is_from(env: str) -> None:
    settings = load(env)
    for line in show(settings).splitlines()[1:]:
        if line:
            path, source = line.split(" = ")[0], line.rsplit("  # ", 1)[1]
            assert source in (settings.sources.get(path), "derived", "to be derived: set aws.account_id"), line


def lines(text: str) -> dict[str, tuple[str, str]]:
    """Key to value and source."""
    split = (line.split(" = ", 1) for line in text.splitlines() if " = " in line)
    return {key: (rest.rsplit("#", 1)[0].strip(), rest.rsplit("#", 1)[1].strip()) for key, rest in split}


def test_base_overlay_and_derived_values_are_distinguished() -> None:
    shown = lines(show(load("local")))
    assert shown["training.rounds"] == ("500", "base.toml")
    assert shown["aws.account_id"] == ('"000000000000"', "local.toml")
    assert shown["aws.bucket"] == ('"churn-local-000000000000-eu-west-1"', "derived")
    assert shown["data.uri"] == ('"s3://churn-local-000000000000-eu-west-1/churn/data"', "derived")
    assert shown["prefix"] == ('"s3://churn-local-000000000000-eu-west-1/churn"', "derived")


def test_without_an_account_it_says_what_is_missing() -> None:
    shown = lines(show(load("prod")))
    for key in ("aws.bucket", "aws.role_arn", "aws.hosting_role_arn", "data.uri", "prefix"):
        assert shown[key] == ('""', "to be derived: set aws.account_id")


def test_what_is_set_is_not_called_derived(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(BASE)
    (tmp_path / "test.toml").write_text('[aws]\nbucket = "ours"')
    shown = lines(show(load("test", tmp_path)))
    assert shown["aws.bucket"] == ('"ours"', "test.toml")
    assert shown["data.uri"] == ('"s3://ours/churn/data"', "derived")


def test_secrets_are_masked(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(BASE)
    local = '[aws]\nendpoint_url = "http://127.0.0.1:1"\naccess_key_id = "hunter1"\nsecret_access_key = "hunter2"'
    (tmp_path / "test.toml").write_text(local)
    text = show(load("test", tmp_path))
    assert "hunter" not in text
    assert lines(text)["aws.secret_access_key"] == ('"****"', "test.toml")


def test_sources_stand_in_one_column() -> None:
    text = show(load("dev"))
    assert len({line.index("  # ") for line in text.splitlines() if " = " in line}) == 1
    assert all(line == line.rstrip() for line in text.splitlines())
    assert text.splitlines()[0] == "# config/dev.toml over base.toml"


def test_a_very_long_value_does_not_push_the_others_away(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(BASE)
    (tmp_path / "test.toml").write_text(f'[tags]\nnote = "{"x" * 200}"\n"two words" = "b"')
    text = show(load("test", tmp_path))
    assert tomllib.loads(text)["tags"]["note"] == "x" * 200
    assert tomllib.loads(text)["tags"]["two words"] == "b"
    assert max(line.index("  # ") for line in text.splitlines() if " = " in line and "note" not in line) <= 72
