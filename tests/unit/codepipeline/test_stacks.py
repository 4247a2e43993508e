"""The stacks of a delivery: which, in which order, with which parameters."""

import pytest
import yaml

from codepipeline.stack_checks import check
from codepipeline.stacks import releases, stacks, stages
from settings.errors import SettingsProblem
from settings.loader import load

OF_A_DELIVERY = [
    *("churn-local-build", "churn-local-release-staging", "churn-local-release-production"),
    *("churn-local-deploy", "churn-local-notices", "churn-local-schedules"),
    "churn-local-overdue",
]
LIMIT = 51_200  # bytes of a template that goes into a request


class Loader(yaml.CSafeLoader):
    """Ignores short forms."""


Loader.add_multi_constructor("!", lambda *_: "")


def names(listed):
    return [stack.name for stack in listed]


def test_an_environment_whose_models_are_released_has_every_stage(folder):
    directory = folder()
    found = stacks(load("local", directory), directory)
    foundations = ["churn-local-foundation", "churn-staging-foundation", "churn-prod-foundation"]
    assert names(found) == [*foundations, *OF_A_DELIVERY]
    assert [stack.holds_data for stack in found] == [True, True, True, *[False] * len(OF_A_DELIVERY)]
    staging = found[1]
    assert staging.parameters["BucketName"] == "churn-staging-000000000000-eu-west-1"
    assert staging.parameters["ModelBucketName"] == "churn-local-000000000000-eu-west-1"
    assert staging.tags["environment"] == "local"  # staging+local: the topmost layer's


def test_production_that_builds_its_own_models_is_one_stage(folder):
    directory = folder(prod='[delivery]\nrepository = "a/b"\n')
    settings = load("prod", directory)
    assert names(stages_of(settings, directory)) == ["prod", "staging"]
    found = {stack.name: stack for stack in stacks(settings, directory)}
    assert found["churn-prod-build"].parameters["BuildEnvironment"] == "prod"
    assert found["churn-prod-deploy"].parameters["StagingEnvironment"] == "staging"
    targets = [found[f"churn-prod-release-{kind}"].parameters["TargetStage"] for kind in ("staging", "production")]
    assert targets == ["staging", "prod"]


def stages_of(settings, directory):
    class Named:
        def __init__(self, name):
            self.name = name

    return [Named(stage.env) for stage in stages(settings, directory)]


def test_a_group_for_experiments_is_never_released(folder):
    directory = folder()
    settings = load("dev", directory)
    assert not releases(settings, directory)
    assert names(stacks(settings, directory)) == ["churn-dev-foundation"]
    assert names(stacks(settings, directory, network=True)) == ["churn-dev-network", "churn-dev-foundation"]


def test_a_model_goes_through_one_group(folder):
    directory = folder(staging='[project]\ngroup = "other"\n')
    with pytest.raises(SettingsProblem, match=r"project\.group of staging is other, that of prod is churn"):
        stacks(load("local", directory), directory)


def test_the_stages_share_an_account(folder):
    directory = folder()
    file = directory / "prod.toml"
    file.write_text(file.read_text().replace("000000000000", "111122223333"))
    with pytest.raises(SettingsProblem, match=r"prod\.toml: aws\.account_id = 111122223333 .* share an account"):
        stages(load("staging", directory), directory)


@pytest.mark.slow
def test_templates_declare_every_parameter_and_lack_none(folder):
    directory = folder()
    for stack in stacks(load("local", directory), directory, network=True):
        declared = yaml.load(stack.path.read_text(), Loader)["Parameters"]  # noqa: S506 - a subclass of a safe loader
        assert stack.parameters.keys() <= declared.keys(), stack.name
        required = {name for name, parameter in declared.items() if "Default" not in parameter}
        assert required <= stack.parameters.keys(), stack.name
        assert all(stack.parameters[name] for name in required), stack.name
        assert len(stack.path.read_bytes()) <= LIMIT


KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def test_a_setting_becomes_a_parameter(folder):
    delivery = 'watched_paths = ["scripts/**", "config/**"]\nnotify_email = "team@example.com"\nstaging'
    data = f'[data]\nuri = "s3://raw-data/churn"\nkms_key_arn = "{KEY}"\n'
    directory = folder(local=f'[retraining]\nschedule = "rate(7 days)"\n{data}')
    file = directory / "local.toml"
    file.write_text(file.read_text().replace("staging", delivery, 1))
    found = {stack.template: stack.parameters for stack in reversed(stacks(load("local", directory), directory))}
    assert found["build.yml"]["WatchedPaths"] == "scripts/**,config/**"
    assert found["build.yml"]["DataBucketName"] == "raw-data"
    assert found["schedules.yml"]["Schedule"] == "rate(7 days)"
    assert found["schedules.yml"]["BucketName"] == "raw-data"
    assert found["foundation.yml"]["NotifyEmail"] == "team@example.com"
    assert found["foundation.yml"]["DataBucketName"] == "raw-data"
    assert found["foundation.yml"]["DataKeyArn"] == KEY


VPC = "vpc-0a1b2c3d4e5f67890"
NETWORK = '[network]\nsubnets = ["subnet-0a1b2c3d", "subnet-1a1b2c3d"]\nsecurity_groups = ["sg-0a1b2c3d"]\n'


@pytest.mark.parametrize("vpc", ["", VPC])
def test_builds_run_in_the_network_when_its_vpc_is_set(folder, vpc):
    directory = folder(local=NETWORK)
    file = directory / "local.toml"
    file.write_text(file.read_text().replace("[delivery]", f'[delivery]\nvpc_id = "{vpc}"'))
    found = {stack.template: stack.parameters for stack in stacks(load("local", directory), directory)}
    for template in ("build.yml", "release.yml", "deploy.yml"):
        values = [found[template][name] for name in ("VpcId", "SubnetIds", "SecurityGroupIds")]
        assert values == ([VPC, "subnet-0a1b2c3d,subnet-1a1b2c3d", "sg-0a1b2c3d"] if vpc else ["", "", ""])


@pytest.mark.parametrize(
    "project", ["churn", "thirteen-char", "fourteen-chars", "exactly-twenty-chars", "longer-than-a-folder-is"]
)
def test_roles_and_lifecycle_use_the_folders_that_codepipeline_shortens(folder, project):
    directory = folder(local=f'[project]\nname = "{project}"\n')
    settings = load("local", directory)
    own = [stack for stack in stacks(settings, directory) if stack.name.startswith(f"{project}-local-")]
    starts = [stack.parameters["ArtifactStart"] for stack in own if "ArtifactStart" in stack.parameters]
    assert len(starts) == 2
    for start in starts:
        for kind in ("build", "deploy"):
            assert f"{f'{project}-local-{kind}'[:20]}/Source/abcdefg".startswith(start)
        assert not f"{project}/data/2026.csv".startswith(start)


def test_codecommit_has_no_connection(folder):
    directory = folder(prod='[delivery]\nsource = "codecommit"\nrepository = "churn"\n')
    found = {stack.template: stack.parameters for stack in stacks(load("prod", directory), directory)}
    assert found["build.yml"]["ConnectionArn"] == ""


def refusals(directory, env, **flags):
    settings = load(env, directory)
    try:
        check(settings, stages(settings, directory), releases=releases(settings, directory))
    except SettingsProblem as problem:
        return [line.replace(f"{directory}/", "") for line in problem.lines]
    return []


def test_the_present_settings_can_be_bootstrapped(folder):
    directory = folder()
    assert refusals(directory, "local") == []
    assert refusals(directory, "dev") == []


def test_the_needs_of_a_pipeline_are_checked_before_anything_is_created(folder):
    [repository, connection] = refusals(folder(), "prod")
    assert repository == "prod.toml: delivery.repository is not set: name the repository that is built"
    assert connection.startswith("prod.toml: delivery.connection_arn is not set: create a connection")


def test_production_names_itself_as_production(folder):
    """Else what it releases would become no champion."""
    directory = folder()
    delivery = '[delivery]\nrepository = "churn"\nsource = "codecommit"\n'
    (directory / "build.toml").write_text(f'{delivery}production = "live"\n[aws]\naccount_id = "000000000000"\n')
    (directory / "live.toml").write_text('[aws]\naccount_id = "000000000000"\n')
    (directory / "staging.toml").write_text('[aws]\naccount_id = "000000000000"\n')
    [line] = [line for line in refusals(directory, "build") if "production" in line]
    assert line.startswith("live.toml: delivery.production = 'prod', but build.toml releases to 'live': name that in")


@pytest.mark.parametrize(("length", "refused"), [(56, False), (57, True)])
def test_a_bucket_leaves_room_for_those_named_after_it(folder, length, refused):
    directory = folder()
    file = directory / "dev.toml"
    file.write_text(file.read_text().replace("[aws]\n", f'[aws]\nbucket = "{"b" * length}"\n'))
    lines = refusals(directory, "dev")
    assert len(lines) == refused
    assert all("dev.toml: the bucket bbb" in line and "of at most 56 as aws.bucket" in line for line in lines)


@pytest.mark.parametrize("setting", ["role_arn", "hosting_role_arn"])
def test_the_role_is_that_of_the_stack(folder, setting):
    directory = folder()
    file = directory / "dev.toml"
    role = "arn:aws:iam::000000000000:role/mine"
    file.write_text(file.read_text().replace("[aws]\n", f'[aws]\n{setting} = "{role}"\n'))
    [line] = refusals(directory, "dev")
    assert line.startswith(f"dev.toml: aws.{setting} = '{role}': the foundation's stack creates the role")


def test_two_stages_have_two_buckets(folder):
    directory = folder()
    for name in ("staging", "prod"):
        file = directory / f"{name}.toml"
        file.write_text(file.read_text().replace("[aws]\n", '[aws]\nbucket = "all-in-one"\n'))
    [line] = [line for line in refusals(directory, "staging") if "bucket" in line]
    assert line == "prod.toml: prod and staging name the same bucket all-in-one: each needs its own"
