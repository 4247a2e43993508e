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
    return os.environ["WORD"]

def input_fn(body, content_type):
    if content_type != "text/csv":
        error = ValueError(f"no {content_type} here")
        error.status_code = 415
        raise error
    return body

def predict_fn(data, model):
    if "slow" in data:
        print("waiting", flush=True)
        time.sleep(60)
    return f"{model}{len(data.splitlines())}"

def output_fn(prediction, accept):
    return prediction
"""


@pytest.fixture
def model(desk):
    code, packed = HANDLER.encode(), io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(code)
        archive.addfile(member, io.BytesIO(code))
    desk.put("model.tar.gz", packed.getvalue())
    container = {"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz", "Environment": {"WORD": "rows:"}}
    desk.client.create_model(ModelName="model", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    desk.put("in/a.csv", b"1\n2\n3\n")
    desk.put("in/deep/b.csv", b"4\n")
    return "model"


def transform(desk, name="job", source=None, output=None, **more):
    data = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}}
    request = {
        "TransformJobName": name,
        "ModelName": "model",
        "TransformInput": {"DataSource": data, "ContentType": "text/csv", **(source or {})},
        "TransformOutput": {"S3OutputPath": "s3://bucket/out", **(output or {})},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **more,
    }
    return desk.client.create_transform_job(**request)["TransformJobArn"]


def test_every_object_gets_its_answers(desk, model):
    assert transform(desk, Tags=[{"Key": "team", "Value": "x"}]) == ARN
    job = desk.over("Transform")
    assert job["TransformJobStatus"] == "Completed"
    assert {key: desk.get(key) for key in desk.keys("out")} == {
        "out/a.csv.out": b"rows:3",
        "out/deep/b.csv.out": b"rows:1",
    }
    assert job["CreationTime"] <= job["TransformStartTime"] <= job["TransformEndTime"]
    assert "loaded rows:" in desk.lines("Transform")["job/algo-1"]
    details = [event["detail"] for event in desk.events("Transform")]
    assert [detail["TransformJobStatus"] for detail in details] == ["InProgress", "Completed"]
    assert (details[-1]["ModelName"], details[-1]["Tags"]) == ("model", {"team": "x"})
    assert details[-1]["TransformEndTime"] == job["TransformEndTime"].strftime("%Y-%m-%dT%H:%M:%SZ")
    [(kind, _, told)] = desk.ended
    assert (kind, told["TransformJobStatus"]) == ("TransformJob", "Completed")


def test_lines_are_sent_one_by_one_and_answers_get_lines_of_their_own(desk, model):
    desk.put("in/a.csv", gzip.compress(b"1\n2\n3\n"))
    desk.s3.delete_object(Bucket="bucket", Key="in/deep/b.csv")
    source, output = {"SplitType": "Line", "CompressionType": "Gzip"}, {"AssembleWith": "Line"}
    transform(desk, source=source, output=output, BatchStrategy="SingleRecord", MaxConcurrentTransforms=2)
    assert desk.over("Transform")["TransformJobStatus"] == "Completed"
    assert desk.get("out/a.csv.out") == b"rows:1\nrows:1\nrows:1\n"


def test_what_the_model_refuses_fails_the_job_and_writes_nothing(desk, model):
    transform(desk, source={"ContentType": "image/png"})
    job = desk.over("Transform")
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information"
    said = " ".join(desk.lines("Transform")["job/algo-1"])
    assert "Bad HTTP status received from algorithm: 415" in said
    assert "no image/png here" in said
    assert desk.keys("out") == []


def test_a_model_that_does_not_start_fails_the_job(desk, model):
    desk.put("model.tar.gz", b"no archive")
    transform(desk)
    assert desk.over("Transform")["TransformJobStatus"] == "Failed"
    assert "cannot be unpacked" in " ".join(desk.lines("Transform")["job/algo-1"])


def test_a_stopped_job_leaves_no_output(desk, model):
    desk.put("in/z.csv", b"slow")
    transform(desk)
    desk.said("waiting", "Transform")
    desk.client.stop_transform_job(TransformJobName="job")
    assert desk.over("Transform")["TransformJobStatus"] == "Stopped"
    assert desk.keys("out") == []
    assert desk.cloud.processes.all() == []


def test_records_keep_their_ids_beside_their_predictions(desk, model):
    desk.put("in/a.csv", b"id7,x\nid8,y\n")
    desk.put("in/deep/b.csv", b"id9,z\n")
    processing = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    source, output = {"SplitType": "Line"}, {"AssembleWith": "Line", "Accept": "text/csv"}
    transform(desk, source=source, output=output, BatchStrategy="SingleRecord", DataProcessing=processing)
    assert desk.over("Transform")["TransformJobStatus"] == "Completed"
    assert desk.get("out/a.csv.out") == b"id7,rows:1\nid8,rows:1\n"
    assert desk.get("out/deep/b.csv.out") == b"id9,rows:1\n"


def test_answers_that_cannot_be_associated_fail_the_job(desk, model):
    transform(desk, source={"SplitType": "Line"}, DataProcessing={"JoinSource": "Input"})  # one answer to three rows
    assert desk.over("Transform")["FailureReason"] == "ClientError: See job logs for more information"
    assert "1 records to 3" in " ".join(desk.lines("Transform")["job/algo-1"])
    assert desk.keys("out") == []


def test_what_cannot_be_is_refused(desk, model, refused):
    with refused("ValidationException", "Could not find model"):
        transform(desk, ModelName="other")
    with refused("ValidationException", "No S3 objects found"):
        nowhere = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/none"}}
        transform(desk, source={"DataSource": nowhere})
    with refused("ValidationException", "must begin with"):
        transform(desk, DataProcessing={"InputFilter": "1:"})
    with refused("NotImplementedByLocalcloud", "SplitType RecordIO"):
        transform(desk, source={"SplitType": "RecordIO"})
    with refused("ValidationException", "100 MB"):
        transform(desk, MaxConcurrentTransforms=20)
