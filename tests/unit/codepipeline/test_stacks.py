"""Which stacks there are, in which order, with which parameters."""

import pytest
import yaml

from codepipeline.stack_checks import require
from codepipeline.stacks import releases, stacks, stages
from settings.errors import SettingsProblem
from settings.loader import load

LIMIT = 51_200  # bytes of a template that goes into a request


class Loader(yaml.SafeLoader):
    """Blind to short forms."""


Loader.add_multi_constructor("!", lambda *_: "")


def names(found):
    return [stack.name for stack in found]


def test_an_environment_whose_models_are_released_brings_every_stage(folder):
    place = folder()
    found = stacks(load("local", place), place)
    foundations = ["churn-local-foundation", "churn-staging-foundation", "churn-prod-foundation"]
    assert names(found) == [*foundations, "churn-local-pipelines", "churn-local-schedules"]
    assert [stack.holds_data for stack in found] == [True, True, True, False, False]
    staging = found[1]
    assert staging.parameters["BucketName"] == "churn-staging-000000000000-eu-west-1"
    assert staging.parameters["ModelBucketName"] == "churn-local-000000000000-eu-west-1"
    assert staging.parameters["RoleName"] == "churn-staging-execution"
    assert staging.tags["environment"] == "local"  # staging+local: the topmost layer's


def test_production_that_makes_its_own_models_is_one_stage(folder):
    place = folder(prod='[delivery]\nrepository = "a/b"\n')
    settings = load("prod", place)
    assert names(stages_of(settings, place)) == ["prod", "staging"]
    found = {stack.name: stack for stack in stacks(settings, place)}
    assert found["churn-prod-pipelines"].parameters["BuildEnvironment"] == "prod"
    assert found["churn-prod-pipelines"].parameters["StagingEnvironment"] == "staging"


def stages_of(settings, place):
    class Named:
        def __init__(self, name):
            self.name = name

    return [Named(stage.env) for stage in stages(settings, place)]


def test_what_is_tried_in_a_group_of_its_own_is_never_released(folder):
    place = folder()
    settings = load("dev", place)
    assert not releases(settings, place)
    assert names(stacks(settings, place)) == ["churn-dev-foundation"]
    assert names(stacks(settings, place, network=True)) == ["churn-dev-network", "churn-dev-foundation"]


def test_a_model_goes_through_one_group(folder):
    place = folder(staging='[project]\ngroup = "other"\n')
    with pytest.raises(SettingsProblem, match=r"project\.group of staging is other, that of prod is churn"):
        stacks(load("local", place), place)


def test_the_stages_share_an_account(folder):
    place = folder()
    file = place / "prod.toml"
    file.write_text(file.read_text().replace("000000000000", "111122223333"))
    with pytest.raises(SettingsProblem, match=r"prod\.toml: aws\.account_id = 111122223333 .* share an account"):
        stages(load("staging", place), place)


def test_templates_take_what_they_are_given_and_lack_nothing(folder):
    place = folder()
    for stack in stacks(load("local", place), place, network=True):
        declared = yaml.load(stack.path.read_text(), Loader)["Parameters"]  # noqa: S506 - a safe loader's child
        assert stack.parameters.keys() <= declared.keys(), stack.name
        needed = {name for name, each in declared.items() if "Default" not in each}
        assert needed <= stack.parameters.keys(), stack.name
        assert all(stack.parameters[name] for name in needed), stack.name
        assert len(stack.path.read_bytes()) <= LIMIT


def test_a_setting_becomes_a_parameter(folder):
    delivery = 'watched_paths = ["scripts/**", "config/**"]\nnotify_email = "team@example.com"\nstaging'
    place = folder(local='[retraining]\nschedule = "rate(7 days)"\n[data]\nuri = "s3://raw-data/churn"\n')
    file = place / "local.toml"
    file.write_text(file.read_text().replace("staging", delivery, 1))
    found = {stack.template: stack.parameters for stack in reversed(stacks(load("local", place), place))}
    assert found["pipelines.yml"]["WatchedPaths"] == "scripts/**,config/**"
    assert found["pipelines.yml"]["DataBucketName"] == "raw-data"
    assert found["schedules.yml"]["Schedule"] == "rate(7 days)"
    assert found["schedules.yml"]["BucketName"] == "raw-data"
    assert found["foundation.yml"]["NotifyEmail"] == "team@example.com"
    assert found["foundation.yml"]["DataBucketName"] == "raw-data"


VPC = "vpc-0a1b2c3d4e5f67890"
NETWORK = '[network]\nsubnets = ["subnet-0a1b2c3d", "subnet-1a1b2c3d"]\nsecurity_groups = ["sg-0a1b2c3d"]\n'


@pytest.mark.parametrize("vpc", ["", VPC])
def test_builds_run_in_the_network_when_they_are_told_its_vpc(folder, vpc):
    place = folder(local=NETWORK)
    file = place / "local.toml"
    file.write_text(file.read_text().replace("[delivery]", f'[delivery]\nvpc_id = "{vpc}"'))
    found = {stack.template: stack.parameters for stack in stacks(load("local", place), place)}["pipelines.yml"]
    given = [found[name] for name in ("VpcId", "SubnetIds", "SecurityGroupIds")]
    assert given == ([VPC, "subnet-0a1b2c3d,subnet-1a1b2c3d", "sg-0a1b2c3d"] if vpc else ["", "", ""])


@pytest.mark.parametrize(
    "project", ["churn", "thirteen-char", "fourteen-chars", "exactly-twenty-chars", "longer-than-a-folder-is"]
)
def test_roles_and_lifecycle_know_the_folders_that_codepipeline_shortens(folder, project):
    place = folder(local=f'[project]\nname = "{project}"\n')
    settings = load("local", place)
    mine = [stack for stack in stacks(settings, place) if stack.name.startswith(f"{project}-local-")]
    starts = [stack.parameters["ArtifactStart"] for stack in mine if "ArtifactStart" in stack.parameters]
    assert len(starts) == 2
    for start in starts:
        for kind in ("build", "deploy"):
            assert f"{f'{project}-local-{kind}'[:20]}/Source/abcdefg".startswith(start)
        assert not f"{project}/data/2026.csv".startswith(start)


def test_codecommit_has_no_connection(folder):
    place = folder(prod='[delivery]\nsource = "codecommit"\nrepository = "churn"\n')
    found = {stack.template: stack.parameters for stack in stacks(load("prod", place), place)}
    assert found["pipelines.yml"]["ConnectionArn"] == ""


def refusals(place, env, **flags):
    settings = load(env, place)
    try:
        require(settings, stages(settings, place), releases=releases(settings, place))
    except SettingsProblem as problem:
        return [line.replace(f"{place}/", "") for line in problem.lines]
    return []


def test_the_settings_as_they_are_can_be_bootstrapped(folder):
    place = folder()
    assert refusals(place, "local") == []
    assert refusals(place, "dev") == []


def test_what_a_pipeline_needs_is_said_before_anything_is_made(folder):
    [repository, connection] = refusals(folder(), "prod")
    assert repository == "prod.toml: delivery.repository is not set: name the repository that is built"
    assert connection.startswith("prod.toml: delivery.connection_arn is not set: make a connection")


@pytest.mark.parametrize(("length", "refused"), [(58, False), (59, True)])
def test_a_bucket_leaves_room_for_that_of_its_access_logs(folder, length, refused):
    place = folder()
    file = place / "dev.toml"
    file.write_text(file.read_text().replace("[aws]\n", f'[aws]\nbucket = "{"b" * length}"\n'))
    lines = refusals(place, "dev")
    assert len(lines) == refused
    assert all("dev.toml: the bucket bbb" in line and "of at most 58 as aws.bucket" in line for line in lines)


def test_the_role_is_the_stacks_own(folder):
    place = folder()
    file = place / "dev.toml"
    role = "arn:aws:iam::000000000000:role/mine"
    file.write_text(file.read_text().replace("[aws]\n", f'[aws]\nrole_arn = "{role}"\n'))
    [line] = refusals(place, "dev")
    assert line.startswith(f"dev.toml: aws.role_arn = '{role}': the foundation's stack makes the role itself")


def test_two_stages_have_two_buckets(folder):
    place = folder()
    for name in ("staging", "prod"):
        file = place / f"{name}.toml"
        file.write_text(file.read_text().replace("[aws]\n", '[aws]\nbucket = "all-in-one"\n'))
    [line] = [line for line in refusals(place, "staging") if "bucket" in line]
    assert line == "prod.toml: prod and staging name the same bucket all-in-one: each makes its own"
