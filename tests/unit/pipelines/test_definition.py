"""The definition, step by step; tests/contract checks that AWS accepts it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.arguments import parse_declarations
from pipelines.declarations import declarations
from pipelines.definition import NO_CHAMPION, SCRIPTS, compile
from settings.environments import CONFIG
from settings.errors import Problem, SettingsProblem
from settings.loader import load

PREFIX = "s3://churn-test-111122223333-eu-west-1/churn"
BASE = '[aws]\naccount_id = "111122223333"\n'

STEPS = ("Preprocess", "Train", "Evaluate", "QualityGate", "Register", "QualityGateFailed")  # an adopter may add others


def steps_of(definition):
    top = {step["Name"]: step for step in definition["Steps"]}
    branches = top["QualityGate"]["Arguments"]
    return top | {step["Name"]: step for step in branches["IfSteps"] + branches["ElseSteps"]}


@pytest.fixture
def settings(tmp_path):
    def make(overlay=""):
        shutil.copy(CONFIG / "base.toml", tmp_path)
        (tmp_path / "test.toml").write_text(BASE + overlay)
        return load("test", tmp_path)

    return make


@pytest.fixture
def steps(settings, scripts):
    return lambda overlay="": steps_of(json.loads(compile(settings(overlay), scripts).body))


@pytest.fixture
def scripts(tmp_path):
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "train.py").write_text("print('train')\n")
    (folder / "preprocess.py").write_text("print('preprocess')\n")
    return folder


def option(step, name):
    """The values after an option, up to the next one."""
    words = step["Arguments"]["AppSpecification"]["ContainerArguments"]
    start = words.index(name) + 1
    end = next((i for i in range(start, len(words)) if words[i].startswith("--")), len(words))
    return words[start:end]


def test_the_command_knows_the_parameters_without_compiling(settings, scripts):
    definition = json.loads(compile(settings(), scripts).body)
    assert parse_declarations(definition) == list(declarations(settings()).values())


def output(step, name):
    return {"Get": f"Steps.{step}.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri"}


def join(*values, on="/"):
    return {"Std:Join": {"On": on, "Values": list(values)}}


def test_the_steps_and_what_feeds_what(steps):
    found = steps()
    assert {name: found[name]["Type"] for name in STEPS} == {
        "Preprocess": "Processing",
        "Train": "Training",
        "Evaluate": "Processing",
        "QualityGate": "Condition",
        "Register": "RegisterModel",
        "QualityGateFailed": "Fail",
    }
    inputs = {i["InputName"]: i["S3Input"]["S3Uri"] for i in found["Evaluate"]["Arguments"]["ProcessingInputs"]}
    assert inputs.pop("code").startswith(f"{PREFIX}/code/")
    assert inputs == {
        "model": {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"},
        "test": output("Preprocess", "test"),
        "features": output("Preprocess", "features"),
        "champion": {"Get": "Parameters.ChampionUri"},
    }
    channels = {
        c["ChannelName"]: c["DataSource"]["S3DataSource"]["S3Uri"]
        for c in found["Train"]["Arguments"]["InputDataConfig"]
    }
    assert {name: channels[name] for name in ("train", "validation", "features")} == {
        name: output("Preprocess", name) for name in ("train", "validation", "features")
    }
    assert found["Preprocess"]["Arguments"]["ProcessingInputs"][1]["S3Input"]["S3Uri"] == {"Get": "Parameters.DataUri"}


def test_every_output_has_a_uri_of_the_execution_and_the_folder_of_the_script(steps):
    found = steps()
    execution = {"Get": "Execution.PipelineExecutionId"}
    for step in ("Preprocess", "Evaluate"):
        outputs = found[step]["Arguments"]["ProcessingOutputConfig"]["Outputs"]
        for place in outputs:
            name = place["OutputName"]
            assert place["S3Output"]["S3Uri"] == join(f"{PREFIX}/runs", execution, step.lower(), name)
            flag = "--output" if step == "Evaluate" else f"--{name}"
            assert option(found[step], flag) == [place["S3Output"]["LocalPath"]]
        for place in found[step]["Arguments"]["ProcessingInputs"][1:]:
            flag = "--input" if step == "Preprocess" else f"--{place['InputName']}"
            assert option(found[step], flag) == [place["S3Input"]["LocalPath"]]
    train = found["Train"]["Arguments"]
    assert train["OutputDataConfig"]["S3OutputPath"] == join(f"{PREFIX}/runs", execution, "train")


def test_preprocess_receives_all_settings_of_the_data(steps):
    found = steps(
        """
        [data]
        target = "left the company"
        delimiter = "\\t"
        missing = ["?", "-"]
        key = []
        ignore = ["a", "b"]
        numeric = ["c"]
        [problem]
        positive = ""
        """
    )["Preprocess"]
    values = {flag: option(found, flag) for flag in ("--target", "--problem", "--delimiter", "--missing", "--ignore")}
    assert values == {
        "--target": ["left the company"],
        "--problem": ["binary"],
        "--delimiter": ["\t"],
        "--missing": ["?", "-"],
        "--ignore": ["a", "b"],
    }
    assert option(found, "--numeric") == ["c"]
    assert option(found, "--validation-fraction") == ["0.15"]
    words = found["Arguments"]["AppSpecification"]["ContainerArguments"]
    assert not {"--key", "--categorical", "--positive"} & set(words)
    assert option(found, "--message") == ["/opt/ml/output/message"]


def test_an_apostrophe_in_a_hyperparameter_is_refused(settings, scripts):
    good = settings()
    training = good.training.model_copy(update={"device": "cpu's"})
    with pytest.raises(SettingsProblem, match=r"training\.device = \"cpu's\": an apostrophe"):
        compile(good.model_copy(update={"training": training}), scripts)


def test_hyperparameters_are_the_settings_and_the_checkpoint_folder(steps):
    train = steps("[training]\nrounds = 1000\nlearning_rate = 0.00001\n")["Train"]["Arguments"]
    parameters = train["HyperParameters"]
    assert (parameters["rounds"], parameters["learning-rate"], parameters["decision-threshold"]) == (
        "1000",
        "1e-05",
        "f1",
    )
    assert parameters["checkpoints"] == train["CheckpointConfig"]["LocalPath"] == "/opt/ml/checkpoints"


@pytest.mark.slow
def test_checkpoints_belong_to_one_training_of_one_data_set(steps, scripts):
    def place(overlay=""):
        return steps(overlay)["Train"]["Arguments"]["CheckpointConfig"]["S3Uri"]["Std:Join"]["Values"]

    root, job, name = place()
    assert (root, job) == (f"{PREFIX}/checkpoints", {"Get": "Steps.Preprocess.ProcessingJobName"})
    assert place("[quality_gate]\nthreshold = 0.9\n")[2] == name
    assert place("[training]\nmax_depth = 3\n")[2] != name
    (scripts / "train.py").write_text("print('train otherwise')\n")
    assert place()[2] != name


def test_only_spot_training_has_a_maximum_wait(steps):
    spot = steps("[training]\nspot = true\nmax_runtime_seconds = 100\nmax_wait_seconds = 300\n")["Train"]["Arguments"]
    assert spot["EnableManagedSpotTraining"] is True
    assert spot["StoppingCondition"] == {"MaxRuntimeInSeconds": 100, "MaxWaitTimeInSeconds": 300}
    plain = steps()["Train"]["Arguments"]
    assert "EnableManagedSpotTraining" not in plain
    assert plain["StoppingCondition"] == {"MaxRuntimeInSeconds": 7200}


def test_network_key_and_tags_are_on_every_job_when_set(steps):
    key = "1234abcd-12ab-34cd-56ef-1234567890ab"
    found = steps(
        f"""
        [network]
        subnets = ["subnet-0a1b2c3d4e5f67890"]
        security_groups = ["sg-0a1b2c3d4e5f67890"]
        isolation = true
        encrypt_traffic = true
        kms_key_id = "{key}"
        [tags]
        team = "retention"
        """
    )
    vpc = {"Subnets": ["subnet-0a1b2c3d4e5f67890"], "SecurityGroupIds": ["sg-0a1b2c3d4e5f67890"]}
    processing = [step["Arguments"] for step in found.values() if step["Type"] == "Processing"]
    assert len(processing) >= 2
    for job in processing:
        assert job["NetworkConfig"] == {
            "VpcConfig": vpc,
            "EnableNetworkIsolation": True,
            "EnableInterContainerTrafficEncryption": True,
        }
        assert job["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == key
        assert job["ProcessingOutputConfig"]["KmsKeyId"] == key
        assert {"Key": "team", "Value": "retention"} in job["Tags"]
    train = found["Train"]["Arguments"]
    assert train["VpcConfig"] == vpc
    assert train["EnableNetworkIsolation"] is train["EnableInterContainerTrafficEncryption"] is True
    assert train["ResourceConfig"]["VolumeKmsKeyId"] == train["OutputDataConfig"]["KmsKeyId"] == key
    assert {"Key": "team", "Value": "retention"} in train["Tags"]


@pytest.mark.parametrize("job", ["processing", "training"])
def test_a_volume_on_local_disks_takes_no_key_and_outputs_do(steps, job):
    found = steps(f"""
        [network]
        kms_key_id = "1234abcd-12ab-34cd-56ef-1234567890ab"
        [{job}]
        instance_type = "ml.g5.xlarge"
        """)
    processing, train = found["Preprocess"]["Arguments"], found["Train"]["Arguments"]
    has_key = {
        "processing": "VolumeKmsKeyId" in processing["ProcessingResources"]["ClusterConfig"],
        "training": "VolumeKmsKeyId" in train["ResourceConfig"],
    }
    assert has_key == {"processing": job != "processing", "training": job != "training"}
    assert "KmsKeyId" in processing["ProcessingOutputConfig"] and "KmsKeyId" in train["OutputDataConfig"]


def test_network_and_key_are_absent_when_not_set(steps):
    text = json.dumps(steps())
    for word in ("NetworkConfig", "VpcConfig", "EnableNetworkIsolation", "KmsKeyId", "TrafficEncryption"):
        assert word not in text


def test_caching_follows_the_settings_and_never_covers_the_evaluation(steps):
    cached = {name: step.get("CacheConfig") for name, step in steps("[pipeline]\ncache_days = 30\n").items()}
    enabled = {"Enabled": True, "ExpireAfter": "P30D"}
    assert {name for name in STEPS if cached[name] == enabled} == {"Preprocess", "Train"}
    assert cached["Evaluate"] is None
    assert all("CacheConfig" not in step for step in steps("[pipeline]\ncache_days = 0\n").values())


def test_nothing_that_the_cache_compares_holds_the_execution(steps):
    found = steps()
    compared = {
        "Preprocess": ("AppSpecification", "Environment", "ProcessingInputs"),
        "Train": ("AlgorithmSpecification", "CheckpointConfig", "Environment", "HyperParameters", "InputDataConfig"),
    }
    for step, fields in compared.items():
        assert "Execution." not in json.dumps([found[step]["Arguments"][field] for field in fields])


def test_new_data_under_the_same_address_is_another_cache_entry(steps):
    assert steps()["Preprocess"]["Arguments"]["Environment"]["DATA_VERSION"] == {"Get": "Parameters.DataVersion"}


def test_jobs_retry_throttling_and_capacity_and_a_registration_only_the_service(steps):
    def retried(step):
        return {kind for policy in step["RetryPolicies"] for kind in policy["ExceptionType"]}

    found = steps()
    service, job = (
        {"Step.SERVICE_FAULT", "Step.THROTTLING"},
        {"SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR"},
    )
    assert all(retried(found[name]) == service | job for name in ("Preprocess", "Train", "Evaluate"))
    assert retried(found["Register"]) == service


REGRESSION = '[problem]\ntype = "regression"\npositive = ""\n[training]\nimbalance = "none"\n[quality_gate]\n'


@pytest.mark.parametrize(
    ("overlay", "kind", "words"),
    [
        ('[quality_gate]\nmetric = "auc"\n', "GreaterThanOrEqualTo", "auc is "),
        ('[quality_gate]\nmetric = "log_loss"\n', "LessThanOrEqualTo", "log_loss is "),
        (f'{REGRESSION}metric = "rmse"\nthreshold = 3.0\n', "LessThanOrEqualTo", "rmse is "),
        (f'{REGRESSION}metric = "r2"\n', "GreaterThanOrEqualTo", "r2 is "),
    ],
)
def test_the_gate_compares_in_the_direction_of_the_metric_and_with_the_champion(steps, overlay, kind, words):
    def evaluated(path):
        return {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Evaluation"}, "Path": path}}

    found = steps(overlay)
    value, verdict, reason = (evaluated(f"gate.{name}") for name in ("value", "champion_verdict", "champion_reason"))
    threshold = {"Get": "Parameters.Threshold"}
    assert found["QualityGate"]["Arguments"]["Conditions"] == [
        {"Type": kind, "LeftValue": value, "RightValue": threshold},
        {"Type": "Equals", "LeftValue": verdict, "RightValue": "pass"},
    ]
    sentence = found["QualityGateFailed"]["Arguments"]["ErrorMessage"]["Std:Join"]["Values"]
    assert [part for part in sentence if isinstance(part, dict)] == [value, threshold, verdict, reason]
    assert sentence[0].endswith(words)
    assert ("at most" if kind == "LessThanOrEqualTo" else "at least") in sentence[2]
    arguments = found["Evaluate"]["Arguments"]["AppSpecification"]["ContainerArguments"]
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert given["--tolerance"] == {"Std:Join": {"On": "", "Values": [{"Get": "Parameters.ChampionTolerance"}]}}
    assert given["--threshold"] == {"Std:Join": {"On": "", "Values": [threshold]}}
    assert given["--unscorable"] == "fail"
    assert found["Evaluate"]["PropertyFiles"] == [
        {"PropertyFileName": name, "OutputName": "evaluation", "FilePath": f"{name.lower()}.json"}
        for name in ("Evaluation", "Archive")
    ]


def test_the_package_carries_metrics_baseline_origin_and_how_it_serves(steps):
    package = steps("[serving]\nmax_payload_bytes = 5000000\n")["Register"]["Arguments"]
    evaluation = join(output("Evaluate", "evaluation"), "evaluation.json")
    baseline = {
        kind.capitalize(): {
            "ContentType": "application/json",
            "S3Uri": join(output("Preprocess", "baseline"), f"{kind}.json"),
        }
        for kind in ("statistics", "constraints")
    }
    for carrier in ("ModelMetrics", "DriftCheckBaselines"):
        assert package[carrier]["ModelQuality"]["Statistics"]["S3Uri"] == evaluation
        assert package[carrier]["ModelDataQuality"] == baseline
    metadata = package["CustomerMetadataProperties"]
    assert len(metadata.pop("code_hash")) == 20
    expected = {
        "problem": "binary",
        "metric": "auc",
        "git_commit": {"Get": "Parameters.GitCommit"},
        "data_uri": {"Get": "Parameters.DataUri"},
        "data_version": {"Get": "Parameters.DataVersion"},
        "pipeline_execution": {"Get": "Execution.PipelineExecutionArn"},
        "report_uri": join(output("Evaluate", "evaluation"), "report.html"),
        "sample_requests": join(output("Preprocess", "features"), "sample.csv"),
        "sample_answers": join(output("Evaluate", "evaluation"), "sample_answers.json"),
        "model_sha256": {
            "Std:JsonGet": {"PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Archive"}, "Path": "sha256"}
        },
    }
    assert {name: metadata.get(name) for name in expected} == expected
    specification = package["InferenceSpecification"]
    (container,) = specification["Containers"]
    assert container["ModelDataUrl"] == {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}
    environment = container["Environment"]
    assert environment["SAGEMAKER_PROGRAM"] == "inference.py"
    assert environment["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/model/code"
    assert environment["PIP_NO_BUILD_ISOLATION"] == "0"
    assert environment["MAX_PAYLOAD_BYTES"] == "5000000"
    assert "text/csv" in specification["SupportedContentTypes"]
    assert "ml.m5.large" in specification["SupportedRealtimeInferenceInstanceTypes"]
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert "Tags" not in package  # AWS refuses tags on a package of a group


@pytest.mark.parametrize("uri", ["s3://lake/" + "x" * 300, "s3://lake/churn(old)"])
def test_a_data_uri_that_the_package_cannot_record_is_refused_before_anything_runs(uri, settings, scripts):
    with pytest.raises(SettingsProblem, match=r"data\.uri = .*metadata of a model package allows at most 256 letters"):
        compile(settings(f'[data]\nuri = "{uri}"\n'), scripts)


def test_one_image_for_every_step_and_the_endpoint(steps):
    found = steps()
    images = {
        found["Preprocess"]["Arguments"]["AppSpecification"]["ImageUri"],
        found["Train"]["Arguments"]["AlgorithmSpecification"]["TrainingImage"],
        found["Evaluate"]["Arguments"]["AppSpecification"]["ImageUri"],
        found["Register"]["Arguments"]["InferenceSpecification"]["Containers"][0]["Image"],
    }
    assert images == {"141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:3.2-0"}


def test_a_region_without_the_image_is_refused_with_those_that_have_it(settings, scripts):
    with pytest.raises(
        SettingsProblem, match=r"aws\.region = 'eu-west-9': SageMaker has no xgboost 3\.2-0 image there"
    ):
        compile(settings('region = "eu-west-9"\n'), scripts)


def test_parameters_have_the_settings_as_defaults(settings, scripts):
    overlay = '[data]\nuri = "s3://lake/churn"\n[quality_gate]\nchampion_tolerance = 0.0\n'
    compiled = compile(settings(overlay), scripts)
    definition = json.loads(compiled.body)
    assert definition.keys() == {"Version", "Metadata", "Parameters", "Steps"}
    defaults = {p["Name"]: (p["Type"], p["DefaultValue"]) for p in definition["Parameters"]}
    expected = {
        "DataUri": ("String", "s3://lake/churn"),
        "DataVersion": ("String", "unknown"),
        "ProcessingInstanceType": ("String", "ml.m5.xlarge"),
        "TrainingInstanceType": ("String", "ml.m5.2xlarge"),
        "Threshold": ("Float", 0.8),
        "ChampionTolerance": ("Float", 0.0),
        "ChampionUri": ("String", f"{PREFIX}/champion/"),
        "GitCommit": ("String", "unknown"),
    }
    assert defaults == expected
    assert compiled.initial_objects == {f"{PREFIX}/champion/evaluation.json": NO_CHAMPION}
    assert compiled.name == "churn-test"


def test_only_the_default_of_the_commit_differs_between_commits(settings, scripts):
    """Runs that a schedule or an event starts pass no parameter: their packages record the commit of the build."""
    tree, build = (json.loads(compile(settings(), scripts, **more).body) for more in ({}, {"commit": "0123abc"}))
    [parameter] = [each for each in build["Parameters"] if each["Name"] == "GitCommit"]
    assert parameter["DefaultValue"] == "0123abc"
    parameter["DefaultValue"] = "unknown"
    assert tree == build


def test_what_the_definition_names_as_code_is_what_is_uploaded(steps, settings, scripts):
    found, uploads = steps(), compile(settings(), scripts).uploads
    channels = {
        c["ChannelName"]: c["DataSource"]["S3DataSource"]["S3Uri"]
        for c in found["Train"]["Arguments"]["InputDataConfig"]
    }
    code = found["Preprocess"]["Arguments"]["ProcessingInputs"][0]["S3Input"]["S3Uri"]
    assert channels["code"] == code
    assert {uri: content for uri, content in uploads.items() if uri.startswith(code)} == {
        f"{code}train.py": b"print('train')\n",
        f"{code}preprocess.py": b"print('preprocess')\n",
    }
    drivers = {uri.removeprefix(channels["sm_drivers"]) for uri in uploads if uri.startswith(channels["sm_drivers"])}
    assert {"sm_train.sh", "sourcecode.json", "scripts/environment.py", "common/utils.py"} <= drivers
    source = json.loads(uploads[f"{channels['sm_drivers']}sourcecode.json"])
    assert (source["source_dir"], source["entry_script"]) == (code, "train.py")


def test_the_sdk_logs_nothing(settings, scripts, caplog):
    with caplog.at_level("DEBUG"):
        compile(settings(), scripts)
    assert [record.message for record in caplog.records if record.name.startswith("sagemaker")] == []


def test_a_folder_without_the_scripts_is_refused(settings, tmp_path):
    with pytest.raises(Problem, match=r"nothing has no train\.py: run the command from a checkout"):
        compile(settings(), Path(tmp_path / "nothing"))


def test_an_empty_list_of_missing_texts_is_passed_too(steps):
    """Without the flag the script would use its own list."""
    assert option(steps("[data]\nmissing = []\n")["Preprocess"], "--missing") == []


@pytest.mark.slow
def test_importing_the_modules_imports_neither_boto3_nor_the_sdk():
    code = "import pipelines.bundle, pipelines.definition, pipelines.image, sys\n"
    code += "print([m for m in ('boto3', 'botocore', 'sagemaker') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS.parent, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_what_the_sdk_would_upload_is_kept_by_content(settings, scripts):
    first, second = (compile(settings(), scripts) for _ in range(2))
    driver = {uri: content for uri, content in first.uploads.items() if uri.endswith(".sh")}
    assert driver and all(uri.startswith(f"{PREFIX}/code/") for uri in driver)
    assert first.uploads == second.uploads


def test_an_algorithm_without_a_file_is_refused_before_anything_is_compiled(settings, scripts):
    (scripts / "algorithm_xgboost.py").write_text("")
    compile(settings(), scripts)
    with pytest.raises(Problem, match=r"training\.algorithm = 'magic': there is no .*/algorithm_magic\.py"):
        compile(settings('[training]\nalgorithm = "magic"\n'), scripts)
