"""Files that cannot be used, keys that do not exist, environments that are not there: one sentence each."""

from pathlib import Path

import pytest

from settings.environments import CONFIG, environments
from settings.errors import Problem, SettingsProblem
from settings.loader import load

BASE = (CONFIG / "base.toml").read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "base.toml").write_text(BASE)
    for env in ("dev", "prod", "dev-2"):
        (tmp_path / f"{env}.toml").write_text("")
    return tmp_path


def refusal(folder: Path, content: str | bytes, file: str = "dev.toml") -> str:
    (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsProblem) as problem:
        load("dev", folder)
    [line] = problem.value.lines
    assert str(problem.value) == line
    assert "\n" not in line
    return line.removeprefix(f"{folder}/")


def test_an_empty_overlay_is_the_base(folder: Path) -> None:
    settings = load("dev", folder)
    assert set(settings.sources.values()) == {"base.toml"}


TWICE = "defines a name that is defined already; name each section and each key once"
SYNTAX = [
    (
        "[training]\nspot = yes",
        'line 2, column 8 in "spot = yes" is not valid TOML (Invalid value); write key = value, ',
    ),
    ("[data]\r\nkey = []\r\n[data]\r\n", f'line 3, column 6 in "[data]" {TWICE}'),
    ("[training]\nspot = true\nspot = true\n", f'line 3, column 12 in "spot = true" {TWICE}'),
    ("[training]\nspot = true\nspot = true", f"the end of the file {TWICE}"),
    ("[tags]\na = {b = 1}\na.c = 2\n", f'line 3, column 8 in "a.c = 2" {TWICE}'),
    ('[project]\nname = "churn', "the end of the file is not valid TOML (Unterminated string); write key = value, "),
    ("[data]\nkey = [1,", "the end of the file is not valid TOML (Invalid value); write key = value, "),
    ("a = " + "[" * 100_000, "the file is not valid TOML (maximum recursion depth exceeded"),
    ("\na = " + "9" * 5000, "line 2 holds a number of thousands of digits; write a shorter one"),
]


@pytest.mark.parametrize(("content", "sentence"), SYNTAX)
def test_a_syntax_error_is_located(folder: Path, content: str, sentence: str) -> None:
    line = refusal(folder, content)
    assert line.startswith("dev.toml: ")
    assert sentence in line
    assert len(line) < 250


def test_a_syntax_error_never_quotes_a_secret(folder: Path) -> None:
    line = refusal(folder, "[aws]\nsecret_access_key = hunter2")
    assert line.startswith("dev.toml: line 2, column 21 is not valid TOML")
    assert "hunter2" not in line


def test_the_base_is_checked_in_the_same_way(folder: Path) -> None:
    assert refusal(folder, "x = yes", "base.toml").startswith(
        'base.toml: line 1, column 5 in "x = yes" is not valid TOML'
    )


def test_both_files_are_refused_at_once(folder: Path) -> None:
    (folder / "base.toml").write_text("x")
    (folder / "dev.toml").write_text("y")
    with pytest.raises(SettingsProblem) as problem:
        load("dev", folder)
    assert [line.split(": ")[0] for line in problem.value.lines] == [f"{folder}/base.toml", f"{folder}/dev.toml"]


def test_a_byte_order_mark_is_refused(folder: Path) -> None:
    line = refusal(folder, b"\xef\xbb\xbf[training]\nrounds = 5")
    assert line == "dev.toml: begins with a byte order mark; save it as plain UTF-8 (without BOM)"


@pytest.mark.parametrize(("number", "content"), [(1, "[training]".encode("utf-16")), (2, b'[tags]\nowner = "Gr\xfcn"')])
def test_other_encodings_are_refused(folder: Path, number: int, content: bytes) -> None:
    line = refusal(folder, content)
    assert line == f"dev.toml: line {number} is not UTF-8 text; save the file as UTF-8"


def test_an_unreadable_file_is_refused(folder: Path) -> None:
    (folder / "dev.toml").unlink()
    (folder / "dev.toml").mkdir()
    with pytest.raises(SettingsProblem, match=r"dev.toml: cannot be read \(Is a directory\); fix the file"):
        load("dev", folder)


def test_a_missing_base_is_refused(folder: Path) -> None:
    (folder / "base.toml").unlink()
    with pytest.raises(SettingsProblem, match=r"base.toml: cannot be read \(No such file or directory\)"):
        load("dev", folder)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsProblem, match="nowhere: is not a folder; settings are base.toml and one overlay for each"
    ):
        load("dev", tmp_path / "nowhere")


ABSENT = [
    ("prdo", "there is no {folder}/prdo.toml; did you mean prod? there are: dev, dev-2, prod"),
    ("qa", "there is no {folder}/qa.toml; there are: dev, dev-2, prod"),
    ("Prod", 'its name must be at most 16 lower-case letters, digits and hyphens, and not "base"; did you mean prod?'),
    ("base", 'its name must be at most 16 lower-case letters, digits and hyphens, and not "base"; there are: dev'),
    ("../dev", "its name must be"),
    ("dev.toml", "its name must be"),
    ("", "its name must be"),
    ("e" * 17, "its name must be at most 16"),
]


@pytest.mark.parametrize(("env", "sentence"), ABSENT)
def test_an_environment_that_is_not_there_is_refused_with_those_that_are(folder: Path, env: str, sentence: str) -> None:
    with pytest.raises(SettingsProblem) as problem:
        load(env, folder)
    assert str(problem.value).startswith(f'environment "{env}": {sentence.format(folder=folder)}')
    assert "there are: dev, dev-2, prod" in str(problem.value)


def test_only_overlays_are_environments(folder: Path) -> None:
    (folder / "Not One.toml").write_text("")
    (folder / "notes.txt").write_text("")
    assert environments(folder) == ["dev", "dev-2", "prod"]


UNKNOWN = [
    ("[rollout]\nwait_second = 5", "rollout.wait_second = 5: is not a setting; did you mean rollout.wait_seconds?"),
    ("[data]\nrounds = 5", "data.rounds = 5: is not a setting; did you mean training.rounds?"),
    (
        "[pipeline]\nzebra = 5",
        "pipeline.zebra = 5: is not a setting; remove it: [pipeline] has cache_days",
    ),
    ("[training.zebra]\nx = 5", "training.zebra = {…}: is not a setting; remove it: [training] has algorithm,"),
    ("[rolout]\nx = 5", "[rolout]: is not a section; did you mean rollout?"),
    ("[zebra]", "[zebra]: is not a section; the sections are project, aws, data, "),
    ("[sources]", "[sources]: is not a section; "),
    ('env = "prod"', 'env = "prod": is in no section; remove it, or write it below a section\'s name'),
    ("rounds = 5", "rounds = 5: is in no section; write it below [training]"),
    ("instance_type = 5", "instance_type = 5: is in no section; write it below [processing] or [training] or"),
    ("data = 5", "data = 5: must be a section of its own: write its name in brackets and its keys below"),
    ("tags = 5", "tags = 5: must be a section of its own: write its name in brackets and its keys below"),
    ("[[data]]\nx = 1", "data = [{…}]: must be a section of its own: write its name in brackets and its keys below"),
    ('"a\\nb" = 1', r'"a\nb" = 1: is in no section; remove it'),
    ('[data]\n"" = 1', 'data."" = 1: is not a setting; remove it'),
    ("[tags]\nsince = 2026-01-01", "tags.since = 2026-01-01: must be text, in quotes"),
    ("[aws]\npassword = 'hunter2'", 'aws.password = "****": is not a setting; remove it'),
    ("secret_access_key = 'hunter2'", 'secret_access_key = "****": is in no section; write it below [aws]'),
    ("[aws]\nsecret_access_key = 12345", 'aws.secret_access_key = "****": must be text, in quotes'),
    ("[aws.login]\nsecret = 'hunter2'", "aws.login = {…}: is not a setting; remove it"),
]


@pytest.mark.parametrize(("content", "sentence"), UNKNOWN)
def test_what_does_not_exist_is_refused_with_what_was_meant(folder: Path, content: str, sentence: str) -> None:
    line = refusal(folder, content)
    assert line.startswith(f"dev.toml: {sentence}")
    assert "hunter2" not in line
    assert "12345" not in line


def test_the_file_named_is_the_one_that_the_value_came_from(folder: Path) -> None:
    line = refusal(folder, BASE.replace("\nrounds = 500\n", "\nrounds = 0\n"), "base.toml")
    assert line == "base.toml: training.rounds = 0: must be at least 1"


def test_a_base_without_a_key_or_a_section_is_refused(folder: Path) -> None:
    line = refusal(folder, BASE.replace("\nseed = 7\n", "\n"), "base.toml")
    assert line == "base.toml: training.seed: is missing; add it, the base has every setting"
    start, end = BASE.index("[network]"), BASE.index("[tags]")
    line = refusal(folder, BASE[:start] + BASE[end:], "base.toml")
    assert line == "base.toml: network: is missing; add it, the base has every setting"


def test_messages_call_the_shipped_folder_by_its_name() -> None:
    with pytest.raises(
        Problem, match=r'^environment "nowhere": there is no config/nowhere.toml; there are: dev, local'
    ):
        load("nowhere")
