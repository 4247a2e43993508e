"""Folders of settings: ``folder(local="...", dev="...")`` appends to overlays."""

import shutil

import pytest

from settings.environments import CONFIG

ACCOUNTS = ("dev", "staging", "prod")
LONG_IMPORTS = {"cloud", "live_cloud", "aws", "reference"}  # of localcloud, of scikit-learn


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """What such a fixture imports takes seconds, compiled for the first time: its tests are slow."""
    for item in items:
        if LONG_IMPORTS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def folder(tmp_path):
    """The tests' settings, with localcloud's account in every environment."""

    def build(**added):
        place = tmp_path / "config"
        shutil.copytree(CONFIG, place)
        for name in ACCOUNTS:
            file = place / f"{name}.toml"
            file.write_text(file.read_text().replace('account_id = ""', 'account_id = "000000000000"'))
        for name, text in added.items():
            file = place / f"{name}.toml"
            file.write_text(file.read_text() + text)
        return place

    return build


@pytest.fixture
def at(folder):
    """Likewise, with ``cloud`` as the endpoint of every environment: ``at(cloud, dev="...")``."""

    def build(cloud, **added):
        place = folder(**added)
        keys = f'endpoint_url = "{cloud.url}"\naccess_key_id = "local"\nsecret_access_key = "local"\n'
        for name in ACCOUNTS:
            file = place / f"{name}.toml"
            file.write_text(file.read_text().replace("[aws]\n", f"[aws]\n{keys}"))
        local = place / "local.toml"
        command = next(line for line in local.read_text().splitlines() if line.startswith("endpoint_command"))
        local.write_text(local.read_text().replace(command, f'endpoint_url = "{cloud.url}"'))
        return place

    return build
