"""A command does nothing with credentials of another account than that of its settings."""

import pytest

from aws import sessions
from aws.caller import clients
from codepipeline import bootstrap, teardown
from pipelines import run
from release import approval_summary, command
from settings.errors import AwsProblem
from settings.loader import load

PACKAGE = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1"
COMMANDS = [
    (teardown.main, "--yes"),
    (bootstrap.main, ""),
    (bootstrap.main, "--plan"),
    pytest.param(run.main, "--upsert", marks=pytest.mark.slow),  # imports the SDK
    (run.main, "--start"),
    (run.main, "--stop"),
    (run.main, "--delete --yes"),
    (run.main, "--list"),
    (command.main, f"--package {PACKAGE}"),
    (command.main, f"--package {PACKAGE} --plan"),
    (command.main, "--rollback"),
    (command.main, "--delete --yes"),
    (command.main, "--status"),
    (command.main, "--smoke"),
    (approval_summary.main, f"--package {PACKAGE}"),
]


class Sts:
    account, calls = "444455556666", 0

    def get_caller_identity(self):
        Sts.calls += 1
        return {"Account": self.account, "Arn": f"arn:aws:iam::{self.account}:user/somebody"}


@pytest.fixture
def services(monkeypatch):
    """The clients that were created; only the one of STS can be called."""
    created = []

    def client(settings, service):
        created.append(service)
        return Sts() if service == "sts" else None

    monkeypatch.setattr(sessions, "client", client)
    monkeypatch.setattr(Sts, "calls", 0)
    return created


@pytest.mark.parametrize(("main", "words"), COMMANDS, ids=lambda value: getattr(value, "__module__", value) or "-")
def test_with_another_account_a_command_does_nothing(main, words, services, folder, capsys):
    directory = folder()
    assert main([*words.split(), "--env", "dev", "--config", str(directory)]) != 0
    assert set(services) == {"sts"}
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"error: {directory}/dev.toml: dev is in account 000000000000, and the credentials are of account 444455556666 "
        "(arn:aws:iam::444455556666:user/somebody): nothing was done; sign in to 000000000000, or set AWS_PROFILE"
    )


def test_the_account_is_looked_up_once(services, monkeypatch):
    monkeypatch.setattr(Sts, "account", "000000000000")
    client = clients(load("local"))
    for service in ("s3", "sagemaker", "s3"):
        client(service)
    assert services == ["sts", "s3", "sagemaker"]
    assert Sts.calls == 1


def test_without_an_account_in_the_settings_that_of_the_role_counts(services):
    settings = load("local")
    role = "arn:aws:iam::111122223333:role/churn"
    aws = settings.aws.model_copy(update={"account_id": "", "role_arn": role})
    with pytest.raises(AwsProblem, match="local is in account 111122223333"):
        clients(settings.model_copy(update={"aws": aws}))("s3")
