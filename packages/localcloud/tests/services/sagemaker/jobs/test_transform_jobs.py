"""Transform jobs over the API, with a handler of a few lines as the model."""

import gzip
import io
import tarfile

import pytest

ROLE = "arn:aws:iam::000000000000:role/churn-dev"
ARN = "arn:aws:sagemaker:eu-west-1:000000000000:transform-job/job"
HANDLER = """
import os, time

def model_fn(folder):
    print("loaded", os.environ["WORD"], flush=True)
    print(*(os.environ[f"SAGEMAKER_{name}"] for name in ("BATCH", "BATCH_STRATEGY", "MAX_PAYLOAD_IN_MB")), flush=True)
    return os.environ["WORD"]

def refuse(environ, start_response):
    start_response("415 UNSUPPORTED MEDIA TYPE", [("Content-Type", "application/json")])
    return [b'{"error": "only CSV here"}']

def transform_fn(model, body, content_type, accept):
    if content_type != "text/csv":
        return refuse
    if "slow" in body:
        print("waiting", flush=True)
        time.sleep(60)
    return f"{model}{len(body.splitlines())}", accept
"""


@pytest.fixture
def model(jobs):
    code, packed = HANDLER.encode(), io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(code)
        archive.addfile(member, io.BytesIO(code))
    jobs.put("model.tar.gz", packed.getvalue())
    container = {"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz", "Environment": {"WORD": "rows:"}}
    jobs.client.create_model(ModelName="model", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    jobs.put("in/a.csv", b"1\n2\n3\n")
    jobs.put("in/deep/b.csv", b"4\n")
    return "model"


def transform(jobs, name="job", source=None, output=None, **more):
    data = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}}
    request = {
        "TransformJobName": name,
        "ModelName": "model",
        "TransformInput": {"DataSource": data, "ContentType": "text/csv", **(source or {})},
        "TransformOutput": {"S3OutputPath": "s3://bucket/out", **(output or {})},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **more,
    }
    return jobs.client.create_transform_job(**request)["TransformJobArn"]


def test_every_object_gets_its_predictions(jobs, model):
    assert transform(jobs, Tags=[{"Key": "team", "Value": "x"}]) == ARN
    job = jobs.over("Transform")
    assert job["TransformJobStatus"] == "Completed"
    assert {key: jobs.get(key) for key in jobs.keys("out")} == {
        "out/a.csv.out": b"rows:3",
        "out/deep/b.csv.out": b"rows:1",
    }
    assert job["CreationTime"] <= job["TransformStartTime"] <= job["TransformEndTime"]
    assert {"loaded rows:", "true MultiRecord 6"} <= set(jobs.lines("Transform")["job/algo-1"])
    details = [event["detail"] for event in jobs.events("Transform")]
    assert [detail["TransformJobStatus"] for detail in details] == ["InProgress", "Completed"]
    assert (details[-1]["ModelName"], details[-1]["Tags"]) == ("model", {"team": "x"})
    assert details[-1]["TransformEndTime"] == job["TransformEndTime"].strftime("%Y-%m-%dT%H:%M:%SZ")
    [(kind, _, description)] = jobs.end_calls
    assert (kind, description["TransformJobStatus"]) == ("TransformJob", "Completed")


def test_lines_are_sent_one_by_one_and_responses_are_on_their_own_lines(jobs, model):
    jobs.put("in/a.csv", gzip.compress(b"1\n2\n3\n"))
    jobs.s3.delete_object(Bucket="bucket", Key="in/deep/b.csv")
    source, output = {"SplitType": "Line", "CompressionType": "Gzip"}, {"AssembleWith": "Line"}
    transform(jobs, source=source, output=output, BatchStrategy="SingleRecord", MaxConcurrentTransforms=2)
    assert jobs.over("Transform")["TransformJobStatus"] == "Completed"
    assert jobs.get("out/a.csv.out") == b"rows:1\nrows:1\nrows:1\n"


def test_the_container_says_how_it_wants_its_records(jobs, model, monkeypatch):
    parameters = {"BatchStrategy": "SINGLE_RECORD", "MaxConcurrentTransforms": 2}
    monkeypatch.setattr("localcloud.services.sagemaker.jobs.transform.execution_parameters", lambda url: parameters)
    source, output = {"SplitType": "Line"}, {"AssembleWith": "Line"}
    transform(jobs, source=source, output=output)
    assert jobs.over("Transform")["TransformJobStatus"] == "Completed"
    assert jobs.get("out/a.csv.out") == b"rows:1\nrows:1\nrows:1\n"
    parameters["MaxConcurrentTransforms"] = 17
    transform(jobs, name="many", source=source, output=output)
    assert jobs.over("Transform", "many")["TransformJobStatus"] == "Failed"
    assert "100 MB" in " ".join(jobs.lines("Transform", "many")["many/algo-1"])


def test_what_the_model_refuses_fails_the_job_and_writes_nothing(jobs, model):
    transform(jobs, source={"ContentType": "image/png"})
    job = jobs.over("Transform")
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information"
    output = " ".join(jobs.lines("Transform")["job/algo-1"])
    assert "Bad HTTP status received from algorithm: 415" in output
    assert "only CSV here" in output
    assert jobs.keys("out") == []


@pytest.mark.parametrize(
    ("isolated", "variables", "status"),
    [
        (False, {}, "Completed"),
        (True, {}, "Failed"),
        (True, {"PIP_NO_BUILD_ISOLATION": "0"}, "Completed"),
    ],
)
def test_an_isolated_model_reaches_no_package_index(jobs, model, isolated, variables, status):
    environment = {"WORD": "rows:", "SAGEMAKER_PROGRAM": "inference.py", **variables}
    container = {"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz", "Environment": environment}
    jobs.client.delete_model(ModelName="model")
    jobs.client.create_model(
        ModelName="model", ExecutionRoleArn=ROLE, PrimaryContainer=container, EnableNetworkIsolation=isolated
    )
    transform(jobs)
    assert jobs.over("Transform")["TransformJobStatus"] == status
    refused = "No matching distribution found for setuptools" in " ".join(jobs.lines("Transform")["job/algo-1"])
    assert refused == (status == "Failed")


def test_a_model_that_does_not_start_fails_the_job(jobs, model):
    jobs.put("model.tar.gz", b"no archive")
    transform(jobs)
    assert jobs.over("Transform")["TransformJobStatus"] == "Failed"
    assert "cannot be unpacked" in " ".join(jobs.lines("Transform")["job/algo-1"])


def test_a_stopped_job_leaves_no_output(jobs, model):
    jobs.put("in/z.csv", b"slow")
    transform(jobs)
    jobs.wait_for_line("waiting", "Transform")
    jobs.client.stop_transform_job(TransformJobName="job")
    assert jobs.over("Transform")["TransformJobStatus"] == "Stopped"
    assert jobs.keys("out") == []
    assert jobs.cloud.processes.all() == []


def test_records_keep_their_ids_beside_their_predictions(jobs, model):
    jobs.put("in/a.csv", b"id7,x\nid8,y\n")
    jobs.put("in/deep/b.csv", b"id9,z\n")
    processing = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    source, output = {"SplitType": "Line"}, {"AssembleWith": "Line", "Accept": "text/csv"}
    transform(jobs, source=source, output=output, BatchStrategy="SingleRecord", DataProcessing=processing)
    assert jobs.over("Transform")["TransformJobStatus"] == "Completed"
    assert jobs.get("out/a.csv.out") == b"id7,rows:1\nid8,rows:1\n"
    assert jobs.get("out/deep/b.csv.out") == b"id9,rows:1\n"


def test_responses_that_cannot_be_associated_fail_the_job(jobs, model):
    source, output = {"SplitType": "Line"}, {"AssembleWith": "Line"}
    transform(jobs, source=source, output=output, DataProcessing={"JoinSource": "Input"})  # one answer to three rows
    assert jobs.over("Transform")["FailureReason"] == "ClientError: See job logs for more information"
    assert "1 records to 3" in " ".join(jobs.lines("Transform")["job/algo-1"])
    assert jobs.keys("out") == []


def test_invalid_requests_are_refused(jobs, model, refused):
    with refused("ValidationException", "Could not find model"):
        transform(jobs, ModelName="other")
    with refused("ValidationException", "No S3 objects found"):
        nowhere = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/none"}}
        transform(jobs, source={"DataSource": nowhere})
    with refused("ValidationException", "must begin with"):
        transform(jobs, DataProcessing={"InputFilter": "1:"})
    with refused("NotImplementedByLocalcloud", "SplitType RecordIO"):
        transform(jobs, source={"SplitType": "RecordIO"})
    with refused("ValidationException", "AssembleWith must be SplitType"):
        transform(jobs, source={"SplitType": "Line"}, DataProcessing={"JoinSource": "Input"})
    with refused("ValidationException", "at most 63 allowed"):
        transform(jobs, DataProcessing={"OutputFilter": f"$[{','.join('0' * 40)}]"})
    with refused("ValidationException", "100 MB"):
        transform(jobs, MaxConcurrentTransforms=20)


@pytest.mark.parametrize(("instance_type", "refuses"), [("ml.m5.large", False), ("ml.g4dn.xlarge", True)])
def test_a_volume_on_local_disks_takes_no_key(jobs, model, refused, instance_type, refuses):
    resources = {"InstanceType": instance_type, "InstanceCount": 1, "VolumeKmsKeyId": "key"}
    if not refuses:
        transform(jobs, TransformResources=resources)
        assert jobs.over("Transform")["TransformJobStatus"] == "Completed"
        return
    with refused("ValidationException", f"VolumeKmsKeyId is not supported for {instance_type}"):
        transform(jobs, TransformResources=resources)


def test_an_image_without_an_entry_is_named_in_the_log(jobs, model):
    jobs.cloud.images.replace(())
    transform(jobs)
    jobs.over("Transform")
    first = jobs.lines("Transform")["job/algo-1"][0]
    assert first.endswith(" stands for the image image, for which the seed's images have no entry")
