"""S3 as jobs use it, over the API."""

import json

import pytest

from localcloud.runtime.etag_cache import MAX_OBJECT_BYTES, EtagCache
from localcloud.runtime.s3_store import S3Store
from localcloud.runtime.store import Unavailable


def files_in(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_are_named_by_what_follows_the_prefix(store, tmp_path):
    store.write("s3://bucket/data/a.csv", b"1")
    store.write("s3://bucket/data/deep/b.csv", b"2")
    for name, uri in (("plain", "s3://bucket/data"), ("slash", "s3://bucket/data/")):
        assert store.download(uri, tmp_path / name) == 2
        assert files_in(tmp_path / name) == {"a.csv": b"1", "deep/b.csv": b"2"}


def test_a_prefix_matches_the_start_of_keys_not_a_folder(store, tmp_path):
    for key in ("raw/x", "raw-old/x", "raw.csv", "other/x"):
        store.write(f"s3://bucket/data/{key}", key.encode())
    assert store.download("s3://bucket/data/raw", tmp_path / "in") == 3
    assert files_in(tmp_path / "in") == {"x": b"raw/x", "raw-old/x": b"raw-old/x", "raw.csv": b"raw.csv"}
    assert store.download("s3://bucket/data/raw/", tmp_path / "folder") == 1


def test_a_single_object_keeps_its_own_name(store, tmp_path):
    store.write("s3://bucket/data/a.csv", b"1")
    assert store.download("s3://bucket/data/a.csv", tmp_path / "in") == 1
    assert (tmp_path / "in/a.csv").read_bytes() == b"1"


def test_each_instance_gets_its_share_in_key_order(store, tmp_path):
    for number in range(5):
        store.write(f"s3://bucket/data/{number}", b"x")
    for number, names in ((0, {"0", "3"}), (1, {"1", "4"}), (2, {"2"})):
        assert store.download("s3://bucket/data", tmp_path / str(number), share=(number, 3)) == 5
        assert set(files_in(tmp_path / str(number))) == names


def test_a_manifest_lists_the_objects_to_read(store, tmp_path):
    for key in ("a", "deep/b", "c"):
        store.write(f"s3://bucket/data/{key}", key.encode())
    store.write("s3://bucket/list", json.dumps([{"prefix": "s3://bucket/data/"}, "deep/b", "c"]).encode())
    assert store.download("s3://bucket/list", tmp_path / "in", manifest=True) == 2
    assert files_in(tmp_path / "in") == {"deep/b": b"deep/b", "c": b"c"}


@pytest.mark.parametrize("body", ["{", "[]", '["a"]', '[{"prefix": "data/"}, "a"]', '[{"prefix": "s3://b/"}, 1]'])
def test_an_invalid_manifest_is_refused(store, tmp_path, body):
    store.write("s3://bucket/list", body.encode())
    with pytest.raises(Unavailable, match="s3://bucket/list is not"):
        store.download("s3://bucket/list", tmp_path / "in", manifest=True)


def test_a_manifest_cannot_write_outside_its_folder(store, tmp_path):
    store.write("s3://bucket/x", b"evil")
    store.write("s3://bucket/list", json.dumps([{"prefix": "s3://bucket/data/"}, "../x"]).encode())
    with pytest.raises(Unavailable, match="outside"):
        store.download("s3://bucket/list", tmp_path / "in", manifest=True)
    assert not (tmp_path / "x").exists()


def test_an_empty_prefix_counts_zero(store, tmp_path):
    assert store.download("s3://bucket/none", tmp_path / "in") == 0


def test_a_folder_is_uploaded_below_its_prefix(store, tmp_path):
    (tmp_path / "out/deep").mkdir(parents=True)
    (tmp_path / "out/deep/x").write_text("x")
    for uri in ("s3://bucket/run", "s3://bucket/walk/"):
        store.upload(tmp_path / "out", uri)
        assert store.read(uri.rstrip("/") + "/deep/x") == b"x"


def test_exists_and_read(store):
    store.write("s3://bucket/a", b"1")
    assert store.exists("s3://bucket/a")
    assert not store.exists("s3://bucket/b")
    with pytest.raises(FileNotFoundError):
        store.read("s3://bucket/b")


def test_a_key_that_is_object_and_folder_fails_with_awss_message(store, tmp_path):
    store.write("s3://bucket/data/a", b"1")
    store.write("s3://bucket/data/a/b", b"2")
    with pytest.raises(Unavailable, match="both a folder as well as a file"):
        store.download("s3://bucket/data/", tmp_path / "in")


def test_folder_objects_of_consoles_are_skipped(store, tmp_path):
    store.client.put_object(Bucket="bucket", Key="data/")
    store.write("s3://bucket/data/a", b"1")
    assert store.download("s3://bucket/data", tmp_path / "in") == 1


def test_a_missing_bucket_is_named(store, tmp_path):
    with pytest.raises(FileNotFoundError, match="s3://missing/x"):
        store.download("s3://missing/x", tmp_path / "in")


def test_short_failures_are_retried_and_lasting_ones_are_raised(store, cloud):
    cloud.faults.throttle("s3.PutObject", 2)
    store.write("s3://bucket/a", b"1")
    assert store.read("s3://bucket/a") == b"1"
    cloud.faults.fail("s3.GetObject", 50)
    with pytest.raises(Unavailable, match="Cannot read s3://bucket/a: InternalFailure"):
        store.read("s3://bucket/a")


def test_many_objects_are_listed_in_pages(store, monkeypatch):
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
def test_an_invalid_uri_is_refused(store, uri):
    with pytest.raises(Unavailable, match="is not an S3 URI"):
        store.write(uri, b"")


def test_a_small_object_is_read_once_until_it_changes(store, cloud, tmp_path):
    for key in ("a", "b"):
        store.write(f"s3://bucket/code/{key}", key.encode())
    cache, requests = EtagCache(), []
    cloud.client("s3").meta.events.register("before-call.s3.GetObject", lambda **_: requests.append(1))
    for turn in range(2):
        assert S3Store(store.client, cache).download("s3://bucket/code/", tmp_path / f"{turn}") == 2
    assert files_in(tmp_path / "0") == files_in(tmp_path / "1") == {"a": b"a", "b": b"b"}
    assert len(requests) == 2
    store.write("s3://bucket/code/a", b"other")
    S3Store(store.client, cache).download("s3://bucket/code/", tmp_path / "2")
    assert files_in(tmp_path / "2") == {"a": b"other", "b": b"b"}
    assert len(requests) == 3


def test_large_objects_are_not_cached_and_the_oldest_are_evicted():
    cache = EtagCache(capacity=MAX_OBJECT_BYTES)
    cache.put("large", bytes(MAX_OBJECT_BYTES + 1))
    assert cache.get("large") is None
    cache.put("old", bytes(MAX_OBJECT_BYTES))
    cache.put("old", bytes(MAX_OBJECT_BYTES))
    assert cache.get("old")
    cache.put("new", b"1")
    assert (cache.get("old"), cache.get("new")) == (None, b"1")
    cache.put("newer", bytes(MAX_OBJECT_BYTES - 1))
    assert cache.get("new") == b"1"
