"""The foundation's key is the default; without one, a command says whose key is used."""

import pytest

from aws.default_key import with_default_key
from settings.loader import load

ARN = "arn:aws:kms:eu-west-1:000000000000:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"


class Kms:
    class exceptions:
        class NotFoundException(Exception):
            pass

    def __init__(self, *aliases):
        self.aliases = aliases

    def describe_key(self, KeyId):
        if KeyId not in self.aliases:
            raise self.exceptions.NotFoundException(KeyId)
        return {"KeyMetadata": {"Arn": ARN}}


@pytest.fixture
def resolve(capsys):
    """Returns the key, and the lines of stderr."""

    def resolved(settings, *aliases):
        found = with_default_key(settings, lambda service: {"kms": Kms(*aliases)}[service])
        return found.network.kms_key_id, capsys.readouterr().err.splitlines()

    return resolved


def test_the_key_of_the_foundation_is_the_default(resolve):
    assert resolve(load("local"), "alias/churn-local") == (ARN, [])


def test_a_key_of_the_settings_is_kept_without_a_call(tmp_path):
    settings = load("local")
    own = settings.model_copy(update={"network": settings.network.model_copy(update={"kms_key_id": "own"})})
    assert with_default_key(own, None) is own


def test_without_a_foundation_it_says_whose_key_is_used(resolve):
    key, [line] = resolve(load("local"), "alias/churn-dev")
    assert key == ""
    assert "no key alias/churn-local" in line and "bootstrap --env local" in line
