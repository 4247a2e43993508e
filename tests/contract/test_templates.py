"""The templates: what the linters report, and what they miss."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from codepipeline.zones import SERVICES
from pipelines.definition import compile as compiled
from settings.loader import load
from settings.release import Rollout

ROOT = Path(__file__).resolve().parents[2]
# The keys of a configuration that CodePipeline knows: any other one fails the stack, and no linter checks them.
KEYS = {
    "CodeStarSourceConnection": {
        "ConnectionArn",
        "FullRepositoryId",
        "BranchName",
        "OutputArtifactFormat",
        "DetectChanges",
    },
    "CodeCommit": {"RepositoryName", "BranchName", "PollForSourceChanges", "OutputArtifactFormat"},
    "CodeBuild": {
        "ProjectName",
        "PrimarySource",
        "BatchEnabled",
        "BuildspecOverride",
        "CombineArtifacts",
        "EnvironmentVariables",
    },
    "S3": {"S3Bucket", "S3ObjectKey", "AllowOverrideForS3ObjectKey", "PollForSourceChanges"},
    "Manual": {"CustomData", "ExternalEntityLink", "NotificationArn"},
}
SOURCE_VARIABLES = {"CommitId", "CommitMessage", "AuthorDate", "BranchName"}  # of both kinds of source
PREDEFINED = re.compile(r"^(CODEBUILD_\w+|AWS_\w+|HOME|PATH)$")
BUILDSPECS = {
    ("build", "TestProject"): "buildspec.yml",
    ("build", "UpsertProject"): "codepipeline/upsert.buildspec.yml",
    ("build", "StoreProject"): "",  # in the template
    ("deploy", "FetchProject"): "",
    ("deploy", "PlanProject"): "codepipeline/deploy.buildspec.yml",
    ("release", "ReleaseProject"): "codepipeline/deploy.buildspec.yml",
}
STEPS = {"PlanProject": "plan", "ReleaseProject": "deploy"}  # a project's own part of a buildspec that two share


def text_of(project, template):
    """Of a project's buildspec, which is a file of the source or stands in the template."""
    stack, name = project
    return (
        (ROOT / BUILDSPECS[project]).read_text()
        if BUILDSPECS[project]
        else template(stack)["Resources"][name]["Properties"]["Source"]["BuildSpec"]
    )


def resources(content, kind):
    return {name: each for name, each in content["Resources"].items() if each["Type"] == kind}


def stages(pipeline):
    """The actions of each stage, of both sources."""
    for stage in pipeline["Properties"]["Stages"]:
        actions = []
        for action in stage["Actions"]:
            actions += action["Fn::If"][1:] if "Fn::If" in action else [action]
        yield stage["Name"], actions


def environment(action):
    return json.loads(action["Configuration"].get("EnvironmentVariables", "[]"))


def walk(value):
    yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from walk(child)


@pytest.fixture(params=["build", "deploy"])
def pipeline(request, template):
    return template(request.param)["Resources"][f"{request.param.capitalize()}Pipeline"]


def test_the_linter_reports_nothing(templates):
    argv = [str(Path(sys.executable).with_name("cfn-lint")), *map(str, templates)]
    result = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stdout) == (0, "")


def test_no_policy_grants_everything_without_a_reason(templates):
    for path in templates:
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            if re.search(r'Resource: "\*"', line):
                assert "#" in line or "kms" in lines[number - 2], f"{path.name}:{number} has no reason"
            assert "FullAccess" not in line, f"{path.name}:{number}"


def test_no_policy_grants_everything_in_another_way(templates, template):
    """What the lines do not show: a star in a list, all actions, all of a service, all but some."""
    key_policy, boundary = "RolesOfThisAccountByTheirPolicies", "TheServicesOfThisProjectInThisRegion"
    statements = [each for path in templates for each in walk(template(path.stem)) if is_allowing(each)]
    assert len(statements) > 40
    for statement in statements:
        assert not statement.keys() & {"NotAction", "NotResource", "NotPrincipal"}
        assert "*" not in actions(statement) and (statement.get("Resource") == "*" or "*" not in listed(statement))
        if any(action.endswith(":*") for action in actions(statement)):
            assert statement["Sid"] in (key_policy, boundary)


def is_allowing(value):
    return isinstance(value, dict) and value.get("Effect") == "Allow"


def actions(statement):
    return [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]


def listed(statement):
    found = statement.get("Resource", [])
    return found if isinstance(found, list) else [found]


def test_every_role_has_a_boundary_and_trusts_one_account_only(templates, template):
    roles = [role for path in templates for role in resources(template(path.stem), "AWS::IAM::Role").values()]
    assert len(roles) == 17
    for role in roles:
        properties = role["Properties"]
        assert "PermissionsBoundary" in properties
        assert "ManagedPolicyArns" not in properties
        for statement in properties["AssumeRolePolicyDocument"]["Statement"]:
            assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
            assert "aws:SourceArn" in statement["Condition"]["ArnLike"]


def test_rules_reach_the_encrypted_topic(template):
    """EventBridge supports no condition for an encrypted topic: with one, no notice of a failure would arrive."""
    foundation = template("foundation")["Resources"]
    for name, document in (("Key", "KeyPolicy"), ("TopicPolicy", "PolicyDocument")):
        statements = foundation[name]["Properties"][document]["Statement"]
        of_events = [each for each in statements if "events.amazonaws.com" in str(each["Principal"])]
        assert [(each["Effect"], each.get("Condition")) for each in of_events] == [("Allow", None)], name
        services = [each for each in statements if "Service" in each["Principal"] and each not in of_events]
        assert services
        assert all("Condition" in each for each in services), name


def test_every_role_that_is_passed_goes_to_one_service(templates, template):
    found = 0
    for path in templates:
        for role in resources(template(path.stem), "AWS::IAM::Role").values():
            for part in walk(role["Properties"]["Policies"]):
                if isinstance(part, dict) and "iam:PassRole" in str(part.get("Action")):
                    found += 1
                    assert part["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    assert found == 3


def test_what_holds_data_outlives_its_stack(templates, template):
    policies = ("RetainExceptOnCreate", "Retain")  # a first creation that fails must not leave names that are taken
    kinds = ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::SQS::Queue", "AWS::ECR::Repository", "AWS::Logs::LogGroup")
    for path in templates:
        for kind in kinds:
            for name, each in resources(template(path.stem), kind).items():
                assert (each.get("DeletionPolicy"), each.get("UpdateReplacePolicy")) == policies, name


def test_exports_contain_nothing_that_changes_with_a_release(templates, template):
    exports = {
        output["Export"]["Name"]["Fn::Sub"].rpartition("-")[2]
        for path in templates
        for output in template(path.stem).get("Outputs", {}).values()
        if "Export" in output
    }
    assert exports == {"KeyArn", "BucketName", "TopicArn", "DeadLettersArn", "BoundaryArn", "TrainingRoleArn"}


def test_every_import_is_exported_by_the_foundation(templates, template):
    exported = {
        output["Export"]["Name"]["Fn::Sub"]
        for output in template("foundation")["Outputs"].values()
        if "Export" in output
    }
    imported = {
        part["Fn::ImportValue"]["Fn::Sub"]
        for path in templates
        for part in walk(template(path.stem))
        if isinstance(part, dict) and "Fn::ImportValue" in part
    }
    assert imported
    assert imported <= exported


def test_action_configurations_have_keys_that_codepipeline_knows(pipeline):
    for _, actions in stages(pipeline):
        for action in actions:
            assert action["Configuration"].keys() <= KEYS[action["ActionTypeId"]["Provider"]], action["Name"]


def test_what_an_action_or_a_rule_refers_to_exists_before_it(pipeline, template):
    known = {"codepipeline.PipelineExecutionId"}
    known |= {f"variables.{each['Name']}" for each in pipeline["Properties"].get("Variables", [])}
    references = 0
    conditions = {stage["Name"]: json.dumps(stage.get("BeforeEntry", "")) for stage in pipeline["Properties"]["Stages"]}
    for name, actions in stages(pipeline):
        assert known >= set(re.findall(r"#\{([\w.]+)\}", conditions[name])), name
        new = set()
        for action in sorted(actions, key=lambda each: each.get("RunOrder", 1)):
            for reference in re.findall(r"#\{([\w.]+)\}", json.dumps(action["Configuration"])):
                references += 1
                assert reference in known, f"{action['Name']} refers to {reference}"
            new |= (
                {f"{action['Namespace']}.{name}" for name in outputs(action, template)}
                if "Namespace" in action
                else set()
            )
        known |= new  # of earlier stages only, whatever the run orders
    assert references


def outputs(action, template):
    if action["ActionTypeId"]["Category"] == "Source":
        return SOURCE_VARIABLES
    spec = yaml.safe_load(text_of(project_of(action), template))
    return set(spec["env"]["exported-variables"])


def project_of(action):
    """Its template and logical name. Those that release are in stacks of their own, known by their names."""
    name = action["Configuration"]["ProjectName"].get("Ref", "ReleaseProject")
    return next(key for key in BUILDSPECS if key[1] == name)


def test_artifacts_and_values_keep_within_codepipelines_limits(pipeline):
    for _, actions in stages(pipeline):
        for action in actions:
            for value in action["Configuration"].values():
                assert len(json.dumps(value)) <= 1000
            for variable in environment(action):
                assert set(variable) <= {"name", "value", "type"}


@pytest.mark.parametrize("project", BUILDSPECS)
def test_every_variable_of_a_buildspec_is_set(project, template):
    stack, name = project
    text = text_of(project, template)
    spec = yaml.safe_load(text)
    declared = template(stack)["Resources"][name]["Properties"]["Environment"]["EnvironmentVariables"]
    always = {each["Name"] for each in declared} | set(re.findall(r"\b([A-Z][A-Z_]+)=", text))
    always |= set(re.findall(r"\bfor ([A-Z]+) in", text)) | set(
        " ".join(re.findall(r"\bread -r ([A-Z ]+)", text)).split()
    )
    always |= {"MODEL_PACKAGE_ARN", "SUMMARY"} & set(spec["env"].get("exported-variables", ()))  # by eval
    users = [
        action
        for stack in ("build", "deploy")
        for pipeline in resources(template(stack), "AWS::CodePipeline::Pipeline").values()
        for _, actions in stages(pipeline)
        for action in actions
        if "ProjectName" in action["Configuration"] and project_of(action) == project
    ]
    assert users
    everywhere = set.intersection(*({each["name"] for each in environment(action)} for action in users))
    missing = {each for each in variables(text, name) - always - everywhere if not PREDEFINED.match(each)}
    assert not missing


def variables(text, project):
    """Those that a project uses of a buildspec, of which the others' steps are left out."""
    if project in STEPS:
        of_releases, of_plans = r"^ +deploy\).*?;;\n +smoke\).*?;;\n", r"^ +plan\).*?;;\n +compare\).*?;;\n"
        other = {"plan": of_releases, "deploy": of_plans}[STEPS[project]]
        text, count = re.subn(other, "", text, flags=re.MULTILINE | re.DOTALL)
        assert count == 1
    return set(re.findall(r"\$\{?([A-Z][A-Z_]+)", text))


def test_every_command_of_the_buildspecs_exists(template):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for project in BUILDSPECS:
        text = text_of(project, template)
        assert set(re.findall(r"make ([a-z-]+)", text)) <= targets
        for module in re.findall(r"-m ([\w.]+)", text):
            path = ROOT / module.replace(".", "/")
            assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module
        spec = yaml.safe_load(text)
        for phase in spec["phases"].values():
            assert all(isinstance(command, str) for command in phase["commands"])


def test_nothing_is_started_after_a_red_test(template):
    """What starts is in a stage after that of the tests, and in a project of its own."""
    pipeline = template("build")["Resources"]["BuildPipeline"]
    names = [[action["Name"] for action in actions] for _, actions in stages(pipeline)]
    assert names == [["Source", "Source"], ["Test"], ["UpsertAndStart"], ["Store"]]
    specs = {file: (ROOT / file).read_text() for file in ("buildspec.yml", "codepipeline/upsert.buildspec.yml")}
    assert [file for file, text in specs.items() if "make test" in text] == ["buildspec.yml"]
    assert [file for file, text in specs.items() if "pipelines.run" in text] == ["codepipeline/upsert.buildspec.yml"]
    assert not any("post_build" in yaml.safe_load(text)["phases"] for text in specs.values())


def test_the_source_that_was_tested_is_the_one_that_is_started(template):
    """They take the same artifact, and so does what stores it for releases; which no role of a build can write."""
    resources_of = template("build")["Resources"]
    builds = [action for _, actions in list(stages(resources_of["BuildPipeline"]))[1:] for action in actions]
    assert [action["InputArtifacts"] for action in builds] == [[{"Name": "Source"}]] * 3
    assert not any("OutputArtifacts" in action for action in builds)
    for name in ("TestRole", "UpsertRole", "StoreRole"):
        written = [
            each["Resource"]
            for policy in resources_of[name]["Properties"]["Policies"]
            for each in policy["PolicyDocument"]["Statement"]
            if "s3:PutObject" in each.get("Action", ())
        ]
        assert written
        assert "ArtifactStart" not in str(written)
        assert ("/tested/" in str(written)) == (name == "StoreRole")


def test_code_that_runs_before_the_source_is_known_to_be_tested_stands_in_the_stack(template):
    """A push changes files of the source; the first steps of a release, and what stores its source, are not there."""
    resources_of = template("deploy")["Resources"]
    inputs = {
        action["Name"]: action.get("InputArtifacts")
        for _, each in stages(resources_of["DeployPipeline"])
        for action in each
    }
    others = ("Plan", "Deploy", "Smoke", "Compare", "Verify")
    artifacts = {"Source": None, "Fetch": [{"Name": "Start"}], "Approve": None}
    assert inputs == artifacts | {name: [{"Name": "Tested"}] for name in others}
    for stack, name in (("build", "StoreProject"), ("deploy", "FetchProject")):
        spec = template(stack)["Resources"][name]["Properties"]["Source"]["BuildSpec"]
        assert spec.startswith("version: 0.2\n")
        assert not re.search(r"\bmake\b|python|(^|&& |; )(source|\.) ", spec)


def test_stages_are_skipped_where_there_is_nothing_to_release(template):
    """The stages are skipped: a failure would send a notice."""
    pipeline = template("deploy")["Resources"]["DeployPipeline"]["Properties"]["Stages"]
    skipped = {stage["Name"]: stage["BeforeEntry"]["Conditions"] for stage in pipeline if "BeforeEntry" in stage}
    assert list(skipped) == ["Staging", "Approval", "Production"]
    for [condition] in skipped.values():
        [rule] = condition["Rules"]
        assert (condition["Result"], rule["RuleTypeId"]["Provider"]) == ("SKIP", "VariableCheck")
        assert rule["Configuration"] == {"Variable": "#{Plan.RELEASE}", "Operator": "EQ", "Value": "yes"}


def test_starts_of_the_pipeline_pass_parameters_that_it_declares(template):
    declared = {each["Name"] for each in json.loads(compiled(load("local")).body)["Parameters"]}
    passed = set()
    for part in walk(template("schedules")):
        if isinstance(part, dict) and "PipelineParameterList" in part:
            passed |= {each["Name"] for each in part["PipelineParameterList"]}
    schedule = template("schedules")["Resources"]["Retraining"]["Properties"]["Target"]["Input"]["Fn::Sub"]
    passed |= {each["Name"] for each in json.loads(schedule)["PipelineParameters"]}
    assert passed == {"DataVersion"}
    assert passed <= declared


def test_an_approval_passes_what_the_deploy_pipeline_declares(template):
    deploy = template("deploy")
    (target,) = deploy["Resources"]["ApprovedRule"]["Properties"]["Targets"]
    text = re.sub(r"<(\w+)>", r'"\1"', target["InputTransformer"]["InputTemplate"])
    body = json.loads(text)
    declared = {each["Name"] for each in deploy["Resources"]["DeployPipeline"]["Properties"]["Variables"]}
    assert {each["name"] for each in body["variables"]} == declared
    assert target["RetryPolicy"]
    assert target["DeadLetterConfig"]


def test_documents_alone_start_no_build_wherever_they_are(template):
    """Whether **/ matches nothing is not documented, so pages at the top have a pattern of their own."""
    [trigger] = template("build")["Resources"]["BuildPipeline"]["Properties"]["Triggers"]["Fn::If"][1]
    [push] = trigger["GitConfiguration"]["Push"]
    assert {"docs/**", "*.md", "**/*.md"} <= set(push["FilePaths"]["Fn::If"][2]["Excludes"])


def test_builds_inside_the_vpc_reach_every_service_that_a_release_calls(template):
    endpoints = resources(template("network"), "AWS::EC2::VPCEndpoint").values()
    names = {each["Properties"]["ServiceName"]["Fn::Sub"].partition("${AWS::Region}.")[2] for each in endpoints}
    data = {"s3", "ecr.api", "ecr.dkr", "logs", "kms", "sts"}
    assert names == data | {"sagemaker.api", "sagemaker.runtime", "monitoring", "application-autoscaling"}


def test_zones_are_chosen_by_every_endpoint_of_the_network(template):
    network = template("network")
    endpoints = [each["Properties"] for each in resources(network, "AWS::EC2::VPCEndpoint").values()]
    interfaces = [each for each in endpoints if each["VpcEndpointType"] == "Interface"]
    names = {each["ServiceName"]["Fn::Sub"].partition("${AWS::Region}.")[2] for each in interfaces}
    assert sorted(names) == sorted(SERVICES)
    subnets = resources(network, "AWS::EC2::Subnet").values()
    zones = [each["Properties"]["AvailabilityZone"]["Fn::If"][:2] for each in subnets]
    assert zones == [["HasZones", {"Ref": "FirstZone"}], ["HasZones", {"Ref": "SecondZone"}]]


def test_one_release_at_a_time_and_the_newest_build(template):
    modes = {
        name: (each["Properties"]["PipelineType"], each["Properties"]["ExecutionMode"])
        for stack in ("build", "deploy")
        for name, each in resources(template(stack), "AWS::CodePipeline::Pipeline").items()
    }
    assert modes == {"BuildPipeline": ("V2", "SUPERSEDED"), "DeployPipeline": ("V2", "QUEUED")}


ACTION_MINUTES = 8 * 60  # of an action of CodeBuild, in the last limits page of CodePipeline that named one


@pytest.mark.parametrize("project", BUILDSPECS)
def test_a_build_ends_before_codepipeline_gives_up(project, template):
    stack, name = project
    properties = template(stack)["Resources"][name]["Properties"]
    assert 5 <= properties["QueuedTimeoutInMinutes"] <= 480
    assert properties["TimeoutInMinutes"] + properties["QueuedTimeoutInMinutes"] <= ACTION_MINUTES


def test_the_longest_rollout_fits_into_a_build(template):
    """SageMaker may take an hour more, to begin and to roll back."""
    [longest] = [each.le for each in Rollout.model_fields["timeout_seconds"].metadata if hasattr(each, "le")]
    assert longest / 60 + 60 <= template("release")["Resources"]["ReleaseProject"]["Properties"]["TimeoutInMinutes"]


def test_logs_are_kept_for_a_year_under_the_key(templates, template):
    groups = {}
    for path in templates:
        for each in resources(template(path.stem), "AWS::Logs::LogGroup").values():
            groups[each["Properties"]["LogGroupName"]["Fn::Sub"]] = each["Properties"]
    start = "${Project}-${Stage}"
    assert groups.keys() == {
        *(
            f"/aws/codebuild/{start}-{kind}"
            for kind in ("test", "upsert", "store", "fetch", "plan", "${Kind}", "approve", "overdue")
        ),
        f"/aws/sagemaker/Endpoints/{start}",
    }
    assert all(each["RetentionInDays"] == 365 and each["KmsKeyId"] for each in groups.values())
