"""S3 for jobs, over the API."""

import json

import pytest

from localcloud.runtime.etag_cache import LARGEST, SmallObjects
from localcloud.runtime.s3_store import S3Store
from localcloud.runtime.store import Unavailable


@pytest.fixture
def services():
    return []


@pytest.fixture
def store(cloud):
    where = {"LocationConstraint": "eu-west-1"}
    cloud.client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration=where)
    return S3Store(cloud.client("s3"))


def landed(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_prefix_lands_as_what_follows_it(store, tmp_path):
    store.write("s3://bucket/data/a.csv", b"1")
    store.write("s3://bucket/data/deep/b.csv", b"2")
    for name, uri in (("plain", "s3://bucket/data"), ("slash", "s3://bucket/data/")):
        assert store.download(uri, tmp_path / name) == 2
        assert landed(tmp_path / name) == {"a.csv": b"1", "deep/b.csv": b"2"}


def test_a_prefix_is_a_beginning_of_names_not_a_folder(store, tmp_path):
    for key in ("raw/x", "raw-old/x", "raw.csv", "other/x"):
        store.write(f"s3://bucket/data/{key}", key.encode())
    assert store.download("s3://bucket/data/raw", tmp_path / "in") == 3
    assert landed(tmp_path / "in") == {"x": b"raw/x", "raw-old/x": b"raw-old/x", "raw.csv": b"raw.csv"}
    assert store.download("s3://bucket/data/raw/", tmp_path / "folder") == 1


def test_an_object_lands_under_its_own_name(store, tmp_path):
    store.write("s3://bucket/data/a.csv", b"1")
    assert store.download("s3://bucket/data/a.csv", tmp_path / "in") == 1
    assert (tmp_path / "in/a.csv").read_bytes() == b"1"


def test_each_instance_gets_its_share_in_the_order_of_keys(store, tmp_path):
    for number in range(5):
        store.write(f"s3://bucket/data/{number}", b"x")
    for number, names in ((0, {"0", "3"}), (1, {"1", "4"}), (2, {"2"})):
        assert store.download("s3://bucket/data", tmp_path / str(number), share=(number, 3)) == 5
        assert set(landed(tmp_path / str(number))) == names


def test_a_manifest_names_what_is_read(store, tmp_path):
    for key in ("a", "deep/b", "c"):
        store.write(f"s3://bucket/data/{key}", key.encode())
    store.write("s3://bucket/list", json.dumps([{"prefix": "s3://bucket/data/"}, "deep/b", "c"]).encode())
    assert store.download("s3://bucket/list", tmp_path / "in", manifest=True) == 2
    assert landed(tmp_path / "in") == {"deep/b": b"deep/b", "c": b"c"}


@pytest.mark.parametrize("body", ["{", "[]", '["a"]', '[{"prefix": "data/"}, "a"]', '[{"prefix": "s3://b/"}, 1]'])
def test_what_is_no_manifest_is_told(store, tmp_path, body):
    store.write("s3://bucket/list", body.encode())
    with pytest.raises(Unavailable, match="s3://bucket/list is not"):
        store.download("s3://bucket/list", tmp_path / "in", manifest=True)


def test_a_manifest_reaches_nothing_outside_of_its_folder(store, tmp_path):
    store.write("s3://bucket/x", b"evil")
    store.write("s3://bucket/list", json.dumps([{"prefix": "s3://bucket/data/"}, "../x"]).encode())
    with pytest.raises(Unavailable, match="outside"):
        store.download("s3://bucket/list", tmp_path / "in", manifest=True)
    assert not (tmp_path / "x").exists()


def test_nothing_there_is_counted_as_nothing(store, tmp_path):
    assert store.download("s3://bucket/none", tmp_path / "in") == 0


def test_a_folder_is_uploaded_below_its_prefix(store, tmp_path):
    (tmp_path / "out/deep").mkdir(parents=True)
    (tmp_path / "out/deep/x").write_text("x")
    for uri in ("s3://bucket/run", "s3://bucket/walk/"):
        store.upload(tmp_path / "out", uri)
        assert store.read(uri.rstrip("/") + "/deep/x") == b"x"


def test_reading_and_looking(store):
    store.write("s3://bucket/a", b"1")
    assert store.exists("s3://bucket/a")
    assert not store.exists("s3://bucket/b")
    with pytest.raises(FileNotFoundError):
        store.read("s3://bucket/b")


def test_a_name_that_is_an_object_and_a_folder_is_told_as_aws_tells_it(store, tmp_path):
    store.write("s3://bucket/data/a", b"1")
    store.write("s3://bucket/data/a/b", b"2")
    with pytest.raises(Unavailable, match="both a folder as well as a file"):
        store.download("s3://bucket/data/", tmp_path / "in")


def test_the_folders_of_consoles_are_no_files(store, tmp_path):
    store.client.put_object(Bucket="bucket", Key="data/")
    store.write("s3://bucket/data/a", b"1")
    assert store.download("s3://bucket/data", tmp_path / "in") == 1


def test_a_bucket_that_is_not_there_is_told(store, tmp_path):
    with pytest.raises(FileNotFoundError, match="s3://nobody/x"):
        store.download("s3://nobody/x", tmp_path / "in")


def test_a_moments_trouble_passes_and_lasting_trouble_is_told(store, cloud):
    cloud.faults.throttle("s3.PutObject", 2)
    store.write("s3://bucket/a", b"1")
    assert store.read("s3://bucket/a") == b"1"
    cloud.faults.fail("s3.GetObject", 50)
    with pytest.raises(Unavailable, match="Cannot read s3://bucket/a: InternalFailure"):
        store.read("s3://bucket/a")


def test_many_objects_are_listed_page_by_page(store, monkeypatch):
    monkeypatch.setattr("localcloud.runtime.s3_store.PAGE", 2)
    for number in range(5):
        store.write(f"s3://bucket/many/{number}", b"x")
    assert [uri[-1] for uri in store.keys("s3://bucket/many/")] == list("01234")


def test_an_empty_file_becomes_an_empty_object(store, tmp_path):
    (tmp_path / "none").touch()
    store.upload(tmp_path / "none", "s3://bucket/none")
    store.write("s3://bucket/nothing", b"")
    assert (store.read("s3://bucket/none"), store.read("s3://bucket/nothing")) == (b"", b"")


@pytest.mark.parametrize("uri", ["/etc/passwd", "http://bucket/x", "s3://"])
def test_what_is_no_address_in_s3_is_told(store, uri):
    with pytest.raises(Unavailable, match="is not an S3 URI"):
        store.write(uri, b"")


def test_a_small_object_is_read_once_and_again_when_it_has_changed(store, cloud, tmp_path):
    for key in ("a", "b"):
        store.write(f"s3://bucket/code/{key}", key.encode())
    small, asked = SmallObjects(), []
    cloud.client("s3").meta.events.register("before-call.s3.GetObject", lambda **_: asked.append(1))
    for turn in range(2):
        assert S3Store(store.client, small).download("s3://bucket/code/", tmp_path / f"{turn}") == 2
    assert landed(tmp_path / "0") == landed(tmp_path / "1") == {"a": b"a", "b": b"b"}
    assert len(asked) == 2
    store.write("s3://bucket/code/a", b"other")
    S3Store(store.client, small).download("s3://bucket/code/", tmp_path / "2")
    assert landed(tmp_path / "2") == {"a": b"other", "b": b"b"}
    assert len(asked) == 3


def test_what_is_large_is_not_kept_and_the_oldest_go():
    small = SmallObjects(room=LARGEST)
    small.keep("large", bytes(LARGEST + 1))
    assert small.get("large") is None
    small.keep("old", bytes(LARGEST))
    small.keep("old", bytes(LARGEST))
    assert small.get("old")
    small.keep("new", b"1")
    assert (small.get("old"), small.get("new")) == (None, b"1")
    small.keep("newer", bytes(LARGEST - 1))
    assert small.get("new") == b"1"
