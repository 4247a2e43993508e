"""Which volumes of jobs are without the key, and that a command says so."""

import pytest

from pipelines.volume_keys import check_start, notes
from settings.errors import UsageProblem
from settings.loader import load

KEY = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"


@pytest.fixture
def settings_of():
    def settings(processing, training, key=KEY):
        found = load("local")
        sections = {
            "network": {"kms_key_id": key},
            "processing": {"instance_type": processing},
            "training": {"instance_type": training},
        }
        update = {name: getattr(found, name).model_copy(update=values) for name, values in sections.items()}
        return found.model_copy(update=update)

    return settings


def test_a_type_with_local_disks_is_named(settings_of):
    assert notes(settings_of("ml.m5.xlarge", "ml.m5.2xlarge")) == []
    [note] = notes(settings_of("ml.m5.xlarge", "ml.g5.xlarge"))
    assert note.startswith("note: training.instance_type = ml.g5.xlarge has local disks")
    assert notes(settings_of("ml.m5d.xlarge", "ml.g5.xlarge", key="")) == []


def test_a_start_cannot_change_to_a_type_that_takes_no_key(settings_of):
    settings = settings_of("ml.m5.xlarge", "ml.m5.2xlarge")
    check_start(settings, {"TrainingInstanceType": "ml.c5.xlarge"})
    with pytest.raises(UsageProblem, match=r"ml\.g5\.xlarge has local disks.*set training\.instance_type"):
        check_start(settings, {"TrainingInstanceType": "ml.g5.xlarge"})
    check_start(settings_of("ml.m5.xlarge", "ml.g5.xlarge"), {"TrainingInstanceType": "ml.g5.2xlarge"})
