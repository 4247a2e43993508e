"""What a delivery needs at its peaks, and what bootstrap says of it."""

import pytest

from codepipeline.instance_quotas import needs, notes
from settings.loader import load


@pytest.fixture
def settings_of(folder):
    serving = '[serving]\ninstance_type = "ml.c5.xlarge"\ninstance_count = 2\n'
    directory = folder(staging=serving)
    return lambda env: load(env, directory)


def test_both_fleets_of_one_stage_at_a_time_and_the_jobs(settings_of):
    prod, staging = settings_of("prod"), settings_of("staging")
    assert prod.serving.autoscaling_max_instances == 12
    assert needs(settings_of("dev"), [prod, staging]) == {
        "ml.m5.xlarge for processing job usage": 1,
        "ml.m5.2xlarge for spot training job usage": 1,
        "ml.m5.xlarge for endpoint usage": 24,
        "ml.c5.xlarge for endpoint usage": 4,
    }
    assert needs(prod, [prod, prod])["ml.m5.xlarge for endpoint usage"] == 36


def test_a_rolling_deployment_needs_a_batch_more(folder):
    rolling = '[rollout]\nstrategy = "rolling"\n'
    directory = folder()
    file = directory / "prod.toml"
    file.write_text(file.read_text().replace("[rollout]\ncanary_percent = 25\n", rolling))
    prod = load("prod", directory)
    assert needs(prod, [prod])["ml.m5.xlarge for endpoint usage"] == 15


class Quotas:
    def __init__(self, values):
        self.values = values

    def get_paginator(self, _):
        return self

    def paginate(self, ServiceCode):
        return [{"Quotas": [{"QuotaName": name, "Value": value} for name, value in self.values.items()]}]


def test_a_quota_that_is_too_small_is_a_line(settings_of):
    prod = settings_of("prod")
    service = Quotas({"ml.m5.xlarge for endpoint usage": 4.0, "ml.m5.2xlarge for training job usage": 1.0})
    [line] = notes(prod, [prod], lambda _: service)
    assert line.startswith('note: the quota "ml.m5.xlarge for endpoint usage" is 4, and 24 are needed')
