"""Code addressed by content: the address depends on names and contents only; only missing objects are put."""

import os
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from pipelines.bundle import add, address, digest, publish, read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "scripts"
    (root / "inner").mkdir(parents=True)
    (root / "train.py").write_text("print('train')\n")
    (root / "inner" / "table.json").write_text("{}")
    return root


def test_reads_every_file_by_its_relative_path(folder):
    assert read(folder) == {"train.py": b"print('train')\n", "inner/table.json": b"{}"}


@pytest.mark.parametrize(
    "left",
    [
        "__pycache__/train.cpython-312.pyc",
        "__pycache__/kernel.nbi",
        ".DS_Store",
        ".train.py.swp",
        "train.py~",
        "#train.py#",
        "old.pyc",
    ],
)
def test_what_editors_systems_and_python_leave_is_left_out(folder, left):
    before = read(folder)
    (folder / left).parent.mkdir(exist_ok=True)
    (folder / left).write_text("anything")
    assert read(folder) == before


def test_modes_and_times_do_not_count(folder):
    before = digest(read(folder))
    (folder / "train.py").chmod(0o755)
    os.utime(folder / "train.py", (1, 1))
    assert digest(read(folder)) == before


@pytest.mark.parametrize(
    "other",
    [{"a": b"1", "b": b"3"}, {"a": b"1", "c": b"2"}, {"a": b"1"}, {"a": b"", "b": b"12"}, {"a": b"1b2"}, {"a1": b"b2"}],
)
def test_names_contents_and_where_one_ends_count(other):
    assert digest(other) != digest({"a": b"1", "b": b"2"})


def test_the_order_of_files_does_not_count():
    assert address("s3://b/p", {"a": b"1", "b": b"2"}) == address("s3://b/p", {"b": b"2", "a": b"1"})


def test_the_same_files_are_added_under_the_same_folder():
    uploads = {}
    folders = {add(uploads, "s3://churn-bucket/churn", {"driver.sh": b"true\n"}) for _ in range(2)}
    (folder,) = folders
    assert uploads == {f"{folder}driver.sh": b"true\n"}
    assert folder.startswith("s3://churn-bucket/churn/code/")


class S3:
    def __init__(self, there=(), refusal="404"):
        self.objects, self.refusal = dict.fromkeys(there, b""), refusal

    def head_object(self, Bucket, Key):
        if f"s3://{Bucket}/{Key}" not in self.objects:
            raise ClientError({"Error": {"Code": self.refusal, "Message": ""}}, "HeadObject")

    def put_object(self, Bucket, Key, Body):
        self.objects[f"s3://{Bucket}/{Key}"] = Body


def test_publish_puts_missing_objects_and_returns_them():
    s3 = S3(there=["s3://b/code/1/a.py"])
    uploads = {"s3://b/code/1/a.py": b"a", "s3://b/code/1/b.py": b"b"}
    assert publish(uploads, s3) == ["s3://b/code/1/b.py"]
    assert s3.objects == {"s3://b/code/1/a.py": b"", "s3://b/code/1/b.py": b"b"}
    assert publish(uploads, s3) == []


def test_without_the_permission_to_list_a_missing_object_is_denied_and_put():
    s3 = S3(refusal="403")
    assert publish({"s3://b/a.py": b"a"}, s3) == ["s3://b/a.py"]


def test_any_other_error_is_raised():
    with pytest.raises(ClientError):
        publish({"s3://b/a.py": b"a"}, S3(refusal="ExpiredToken"))
