import pytest

from localcloud.store import FolderStore


@pytest.fixture
def store(tmp_path):
    return FolderStore(tmp_path / "s3")


def test_a_prefix_lands_as_the_files_below_it(store, tmp_path):
    store.write("s3://bucket/data/a.csv", b"1")
    store.write("s3://bucket/data/deep/b.csv", b"2")
    assert store.download("s3://bucket/data", tmp_path / "in") == 2
    assert (tmp_path / "in/deep/b.csv").read_bytes() == b"2"


def test_an_object_lands_under_its_own_name(store, tmp_path):
    store.write("s3://bucket/data/a.csv", b"1")
    assert store.download("s3://bucket/data/a.csv", tmp_path / "in") == 1
    assert (tmp_path / "in/a.csv").read_bytes() == b"1"


def test_nothing_there_is_counted_as_nothing(store, tmp_path):
    assert store.download("s3://bucket/none", tmp_path / "in") == 0


def test_a_folder_is_uploaded_below_its_prefix(store, tmp_path):
    (tmp_path / "out/deep").mkdir(parents=True)
    (tmp_path / "out/deep/x").write_text("x")
    store.upload(tmp_path / "out", "s3://bucket/run")
    assert store.read("s3://bucket/run/deep/x") == b"x"


@pytest.mark.parametrize("uri", ["s3://../../etc/passwd", "s3://bucket/../../x", "/etc/passwd", "http://bucket/x"])
def test_nothing_outside_the_store_is_reached(store, uri):
    with pytest.raises(ValueError, match="outside|not an S3 URI"):
        store.write(uri, b"")


def test_a_write_leaves_no_partial_file(store):
    store.write("s3://bucket/a", b"1")
    store.write("s3://bucket/a", b"2")
    assert [path.name for path in (store.root / "bucket").iterdir()] == ["a"]
