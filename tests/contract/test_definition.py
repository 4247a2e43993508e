"""The compiled definition against the outside: AWS's shapes, the scripts' own parsers, other machines, secrets."""

import argparse
import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from localcloud.testing import definition_problems, definition_steps
from pipelines.definition import compile
from settings.environments import CONFIG, environments
from settings.loader import load
from settings.metrics import METRICS
from settings.model import leaves

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = 'account_id = "111122223333"'
KEY_ID, SECRET = "key-id-of-the-laptop", "secret-of-the-laptop"
PROBLEMS = {
    "binary": "",
    "multiclass": '[problem]\ntype = "multiclass"\npositive = ""\n[quality_gate]\nmetric = "macro_f1"\n',
    "regression": '[problem]\ntype = "regression"\npositive = ""\n[quality_gate]\nmetric = "rmse"\n',
}
SWITCHES = {
    "spot": "[training]\nspot = true\n",
    "no caching": "[pipeline]\ncache_days = 0\n",
    "vpc": '[network]\nsubnets = ["subnet-0a1b2c3d4e5f67890"]\nsecurity_groups = ["sg-0a1b2c3d4e5f67890"]\n',
    "isolation": "[network]\nisolation = true\n",
    "encryption": "[network]\nencrypt_traffic = true\n",
    "key": '[network]\nkms_key_id = "1234abcd-12ab-34cd-56ef-1234567890ab"\n',
}
EVERYTHING = """
[training]
spot = true
[network]
subnets = ["subnet-0a1b2c3d4e5f67890"]
security_groups = ["sg-0a1b2c3d4e5f67890"]
isolation = true
encrypt_traffic = true
kms_key_id = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
"""


@pytest.fixture
def settings(tmp_path):
    def make(overlay=""):
        folder = tmp_path / "config"
        folder.mkdir(exist_ok=True)
        shutil.copy(CONFIG / "base.toml", folder)
        (folder / "test.toml").write_text(f"[aws]\n{ACCOUNT}\n{overlay}")
        return load("test", folder)

    return make


def with_accounts(folder):
    """The shipped configuration as an adopter fills it in."""
    shutil.copytree(CONFIG, folder)
    for file in folder.glob("*.toml"):
        file.write_text(
            file.read_text().replace('account_id = ""', ACCOUNT) if file.name != "base.toml" else file.read_text()
        )
    return folder


@pytest.mark.parametrize("env", environments(CONFIG))
def test_aws_accepts_the_definition_of_every_shipped_environment(env, tmp_path):
    assert definition_problems(compile(load(env, with_accounts(tmp_path / "config"))).body) == []


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("more", ["", EVERYTHING], ids=["plain", "everything"])
def test_aws_accepts_every_problem_type_plain_and_with_all_switches(problem, more, settings):
    assert definition_problems(compile(settings(PROBLEMS[problem] + more)).body) == []


@pytest.mark.parametrize("switch", SWITCHES)
def test_aws_accepts_every_switch_alone(switch, settings):
    assert definition_problems(compile(settings(SWITCHES[switch])).body) == []


def test_aws_accepts_the_longest_lists_and_names_of_the_settings(settings):
    columns = [f"{number:02} {'x' * 253}" for number in range(45)]
    listed = ", ".join(f'"{column}"' for column in columns)
    assert len(columns[0]) == 256
    body = compile(settings(f"[data]\nignore = [{listed}]\n")).body
    assert definition_problems(body) == []


def arguments(step):
    """The arguments of the script in the container."""
    if step["Type"] == "Processing":
        return step["Arguments"]["AppSpecification"]["ContainerArguments"]
    from sagemaker.train.container_drivers.common.utils import hyperparameters_to_cli_args

    return hyperparameters_to_cli_args(step["Arguments"]["HyperParameters"])


PARAMETER = "0.125"  # the value of a parameter in a run


class Parsed(BaseException):
    """Carries the namespace past everything that the script would do next."""


@pytest.mark.parametrize("step", ["Preprocess", "Train", "Evaluate"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_each_script_accepts_its_arguments_in_the_definition(step, problem, settings, monkeypatch, tmp_path):
    adopted = settings(PROBLEMS[problem] + '[data]\nmissing = ["-", "-999", "n/a"]\nnumeric = ["a"]\n')
    steps = {each["Name"]: each for each in json.loads(compile(adopted).body)["Steps"]}
    original = argparse.ArgumentParser.parse_args

    def stop(parser, args=None, namespace=None):
        raise Parsed(original(parser, args, namespace))

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)
    monkeypatch.setenv("SM_OUTPUT_DIR", str(tmp_path))
    words = [word if isinstance(word, str) else PARAMETER for word in arguments(steps[step])]
    given = [word.replace("/opt/ml/output", str(tmp_path)) for word in words]
    with pytest.raises(Parsed) as parsed:
        importlib.import_module(step.lower()).main(given)
    (namespace,) = parsed.value.args
    if step == "Preprocess":
        assert namespace.missing == ["-", "-999", "n/a"]
        assert (namespace.target, namespace.problem) == ("churned", problem)
    elif step == "Train":
        assert (namespace.rounds, namespace.learning_rate, namespace.decision_threshold) == (500, 0.1, "f1")
    else:
        assert namespace.metric == adopted.quality_gate.metric
        assert (namespace.tolerance, namespace.unscorable) == (
            float(PARAMETER),
            adopted.quality_gate.champion_unscorable,
        )


def test_scripts_have_no_defaults_for_what_the_settings_set():
    """Only what may be "not set" can be left out: then it is empty."""
    import preprocess
    import train

    keys = {path.partition(".")[2].replace("_", "-") for path in leaves() if path.startswith(("data.", "training."))}
    for parser in (preprocess.parser(), train.parser({})):
        flags = [action for action in parser._actions if action.option_strings[0].removeprefix("--") in keys]
        assert len(flags) > 5
        assert [flag.option_strings for flag in flags if not flag.required and flag.default not in ("", ())] == []


def test_train_receives_every_hyperparameter(settings):
    from training.hyperparameters import Hyperparameters

    train = next(s for s in json.loads(compile(settings()).body)["Steps"] if s["Name"] == "Train")
    names = {field.name.replace("_", "-") for field in fields(Hyperparameters)}
    assert train["Arguments"]["HyperParameters"].keys() == names | {"checkpoints"}


def test_the_metrics_logged_are_the_metrics_that_the_pipeline_reads(settings):
    from training.hyperparameters import METRICS as LOGGED

    for problem, overlay in PROBLEMS.items():
        train = next(s for s in json.loads(compile(settings(overlay)).body)["Steps"] if s["Name"] == "Train")
        names = {metric["Name"] for metric in train["Arguments"]["AlgorithmSpecification"]["MetricDefinitions"]}
        assert names == {f"{side}-{metric}" for side in ("train", "validation") for metric in LOGGED[problem]}


def test_the_directions_of_the_gate_are_those_of_evaluate(settings):
    from evaluation.metrics import ALL, MINIMIZE

    compile(settings())  # the step modules want the SDK
    from pipelines.steps.quality_gate import LESS_IS_BETTER

    for problem, names in METRICS.items():
        minimized = {name for name in names if ALL[problem][name].direction == MINIMIZE}
        assert minimized == names.keys() & set(LESS_IS_BETTER)


ELSEWHERE = """
import hashlib, json, logging, pathlib, socket, sys, threading
sys.path.insert(0, {tree!r})
calls = []
def refuse(*arguments, **_):
    calls.append(str(arguments))
    raise OSError("no network in this test")
socket.socket.connect = socket.getaddrinfo = refuse
from pipelines.definition import compile
from settings.loader import load
compiled = compile(load("test", pathlib.Path({config!r})))
import pipelines.definition
assert pipelines.definition.__file__.startswith({tree!r})
content = hashlib.sha256(json.dumps({{u: c.decode() for u, c in compiled.uploads.items()}}, sort_keys=True).encode())
root = logging.getLogger()
left = {{"threads": threading.active_count(), "root handlers": len(root.handlers), "root level": root.level}}
print(json.dumps({{"body": compiled.body, "uploads": content.hexdigest(), "calls": calls, "left": left}}))
"""


@pytest.fixture
def elsewhere(tmp_path):
    """Another person's machine: another path, home and time zone, leftovers in the tree, the SDK's defaults set."""
    tree = tmp_path / "home-of-somebody" / "a checkout"
    for room in ("pipelines", "scripts"):
        shutil.copytree(ROOT / room, tree / room, ignore=shutil.ignore_patterns("__pycache__"))
    for leftover in ("__pycache__/train.cpython-313.pyc", ".DS_Store", ".train.py.swp", "train.py~"):
        (tree / "scripts" / leftover).parent.mkdir(exist_ok=True)
        (tree / "scripts" / leftover).write_text("leftover")
    for file in (tree / "scripts").glob("*.py"):
        file.chmod(0o700)
        os.utime(file, (1_000_000_000, 1_000_000_000))
    defaults = {"SchemaVersion": "1.0", "SageMaker": {"ProcessingJob": {"VpcConfig": {"Subnets": ["subnet-somebody"]}}}}
    for place in (".config/sagemaker/config.yaml", ".sagemaker/config.yaml"):
        (tree.parent / place).parent.mkdir(parents=True)
        (tree.parent / place).write_text(json.dumps(defaults))
    (tree.parent / ".aws").mkdir()
    (tree.parent / ".aws" / "config").write_text("[profile somebody\nwhat is this")
    studio = {"sagemakerProjectId": "p-somebody", "sagemakerProjectName": "somebody"}
    (tree.parent / ".sagemaker-code-config").write_text(json.dumps(studio))
    return tree


def compiled_in(tree, config):
    environment = {
        "HOME": str(tree.parent),
        "USER": "somebody",
        "PATH": os.environ["PATH"],
        "PYTHONHASHSEED": "4711",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TZ": "Asia/Kolkata",
        "LC_ALL": "C",
        "AWS_PROFILE": "somebody",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "AKIASOMEBODYSOMEBODY",
        "AWS_SECRET_ACCESS_KEY": "secret-of-somebody",
    }
    code = ELSEWHERE.format(tree=str(tree), config=str(config))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tree.parent, env=environment, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)  # and nothing else: the SDK would like to talk


def test_the_same_tree_gives_the_same_bytes_on_any_machine_without_a_call(settings, elsewhere, tmp_path):
    local = f'endpoint_url = "http://127.0.0.1:5155"\naccess_key_id = "{KEY_ID}"\nsecret_access_key = "{SECRET}"\n'
    compiled = compile(settings(local + EVERYTHING))
    content = {uri: text.decode() for uri, text in compiled.uploads.items()}
    found = compiled_in(elsewhere, tmp_path / "config")
    assert found["body"] == compiled.body
    assert found["uploads"] == hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    assert found["calls"] == []
    assert found["left"] == {"threads": 1, "root handlers": 0, "root level": 30}
    everything = compiled.body + json.dumps(content)
    for word in (str(ROOT), str(Path.home()), str(tmp_path), KEY_ID, SECRET, "127.0.0.1:5155"):
        assert len(word) < 5 or word not in everything  # a home of "/" says nothing


def test_the_body_is_canonical(settings):
    body = compile(settings()).body
    assert body == json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_the_steps_stand_in_the_order_of_the_diagram(settings):
    """An adopter may add others between them."""
    steps = ["Preprocess", "Train", "Evaluate", "QualityGate", "Register", "QualityGateFailed"]
    names = [step["Name"] for step in definition_steps(json.loads(compile(settings()).body)["Steps"])]
    assert [name for name in names if name in steps] == steps


def test_a_changed_script_changes_the_definition(settings, tmp_path):
    scripts = tmp_path / "scripts"
    shutil.copytree(ROOT / "scripts", scripts)
    before = compile(settings(), scripts).body
    assert before == compile(settings()).body
    with (scripts / "train.py").open("a") as file:
        file.write("# changed\n")
    assert compile(settings(), scripts).body != before
