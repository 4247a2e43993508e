"""What the instance type decides: the key of the storage, and whether autoscaling is in the way."""

import pytest

from release.plan.plan import plan

SCALED = "[serving]\nautoscaling_max_instances = 6\n"
KEY = '[network]\nkms_key_id = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"\n'


def operations(done):
    return [call.operation for call in (*done.calls, *done.after)]


def request_of(done, operation):
    [request] = [call.request for call in (*done.calls, *done.after) if call.operation == operation]
    return request


@pytest.mark.parametrize(
    ("instance_type", "takes"),
    [("ml.m5.large", True), ("ml.m5d.large", False), ("ml.g4dn.xlarge", False), ("ml.g5.xlarge", False)],
)
def test_local_disks_take_no_key(settings_of, empty, instance_type, takes):
    done = plan(settings_of(KEY + f'[serving]\ninstance_type = "{instance_type}"\n'), empty)
    assert ("KmsKeyId" in request_of(done, "create_endpoint_config")) is takes
    notes = [note for note in done.notes if "no key is sent for its storage" in note]
    assert len(notes) == (not takes)


def test_another_instance_type_takes_autoscaling_off_and_on_again(settings_of, live):
    before = live(settings_of(SCALED))
    settings = settings_of(SCALED + 'instance_type = "ml.c5.xlarge"\n')
    assert "deregister_scalable_target" not in operations(plan(settings, before))
    done = plan(settings, before, replace=True)
    assert operations(done)[-4:] == [
        "deregister_scalable_target",
        "update_endpoint",
        "register_scalable_target",
        "put_scaling_policy",
    ]
    assert done.replaces
    assert request_of(done, "update_endpoint")["RetainAllVariantProperties"] is True


def test_replace_does_nothing_where_the_instance_type_stays(settings_of, live):
    settings = settings_of(SCALED)
    done = plan(settings, live(settings), replace=True)
    assert "deregister_scalable_target" not in operations(done)
    assert not done.replaces
