"""Files in other encodings, and folders with other files."""

import gzip

import pytest

from preprocessing.encodings import UTF_8, WINDOWS, recognize
from preprocessing.splitting import SIDES

TOWNS = ("Köln", "Besançon", "Málaga", "Ærø", "Zürich", "Chênée")
ROWS = [f"{at * 3},{TOWNS[at % 6]},{at % 40} €,{'ny'[at % 3 == 0]}\n" for at in range(700)]
TEXT = "id,Straße,preis,y\n" + "".join(ROWS)
FLAGS = {"target": "y", "problem": "binary", "key": ["id"], "missing": ["auto"]}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.csv", TEXT.encode("utf-16")),
        ("d.csv", b"\xfe\xff" + TEXT.encode("utf-16-be")),
        ("d.csv.gz", gzip.compress(TEXT.encode("utf-16"))),
        ("d.csv", TEXT.replace("\n", "\r\n").encode("cp1252")),
        ("d.csv.gz", gzip.compress(TEXT.encode("cp1252"))),
        ("d.csv", TEXT.encode("utf-8-sig")),
    ],
)
def test_other_encodings_are_read(prepare, raw_folder, name, content):
    (raw_folder / "d.csv").write_text(TEXT, encoding="utf-8")
    expected = prepare(**FLAGS)
    (raw_folder / "d.csv").unlink()
    (raw_folder / name).write_bytes(content)
    outcome = prepare(**FLAGS)
    assert outcome.code == 0, outcome.message
    assert outcome.features.columns[0].levels == tuple(sorted(TOWNS))
    for file in [*(f"{side}/data.parquet" for side in SIDES), "test/raw.parquet", "features/sample.csv"]:
        assert (outcome.folder / file).read_bytes() == (expected.folder / file).read_bytes()


def test_a_large_file_in_another_encoding_is_read_in_blocks(prepare, raw_folder, monkeypatch):
    from preprocessing import blocks, samples

    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(samples, "MAX_PIECE", 1000)
    (raw_folder / "d.csv").write_bytes(TEXT.encode("utf-16"))
    outcome = prepare(**FLAGS)
    assert sum(outcome.features.details["rows"].values()) == len(ROWS)
    assert outcome.features.details["rows"]["rejected"] == 0


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (b"a,b\n1,2\n", UTF_8),
        ("Köln,5 €\n".encode(), UTF_8),
        ("Köln,".encode()[:-4], UTF_8),  # cut inside a letter
        ("Köln,Köln,Köln,Köln\n".encode() + b"K\xf6ln\n", UTF_8),  # a damaged row
        (b"1,true,\xff\n", UTF_8),
        ("Köln,5 €\n".encode("cp1252"), WINDOWS),
        ("l’été – 20°\n".encode("cp1252"), WINDOWS),
        ("Köln\n".encode("utf-16"), "utf-16"),
        ("Köln\n".encode("utf-32"), "utf-32"),
        (b"a\x00b,c,d,e,f,g,h,i,j,k\n" * 3, UTF_8),  # one NUL byte makes no UTF-16
    ],
)
def test_encodings(text, encoding):
    assert recognize("d.csv", text) == encoding


@pytest.mark.parametrize(
    "text", ["Köln und Málaga\n".encode("cp850"), "Москва\n".encode("cp1251"), "Łódź, Żory, Gdańsk\n".encode("cp1250")]
)
def test_an_encoding_that_is_not_clear_is_refused(text):
    from failures import UserError

    with pytest.raises(UserError, match="its encoding is not clear: convert it, such as by iconv"):
        recognize("d.csv", text * 9)


def test_what_is_not_in_the_encoding_further_on_is_a_sentence(prepare, raw_folder):
    (raw_folder / "d.csv").write_bytes(TEXT.encode("cp1252") * 80 + b"\x81" + TEXT.encode("cp1252"))
    assert "d.csv is no windows-1252 text throughout" in prepare(**FLAGS).message


def test_letters_may_come_late(prepare, raw_folder, monkeypatch):
    from preprocessing import sources

    monkeypatch.setattr(sources, "MAX_HEADER_BYTES", 1000)
    monkeypatch.setattr(sources, "PIECE_BYTES", 4000)
    plain = "".join(f"{at},town,5,n\n" for at in range(300))
    (raw_folder / "d.csv").write_bytes(b"id,a,b,y\n" + (plain + "".join(ROWS)).encode("cp1252"))
    outcome = prepare(**FLAGS)
    assert outcome.code == 0, outcome.message
    assert outcome.features.details["rows"]["rejected"] == 0


def test_a_row_with_a_nul_byte_is_a_row(prepare, raw_folder):
    (raw_folder / "d.csv").write_bytes(
        b"a,b,y\n"
        + b"5\x00,x,n\n"
        + b"".join(b"%d,x,%s\n" % (at, b"yn"[at % 2 : at % 2 + 1]) for at in range(0, 1200, 3))
    )
    outcome = prepare(**FLAGS | {"key": []})
    assert outcome.code == 0, outcome.message
    assert outcome.features.details["rows"]["rejected"] == 1


def test_a_folder_with_other_files(prepare, raw_folder, capsys):
    (raw_folder / "d.csv").write_text(TEXT)
    for name in ("README.md", ".DS_Store", "_SUCCESS", "d.csv.crc", ".d.csv.crc", "_temporary.csv", "notes.txt"):
        (raw_folder / name).write_text("x")
    assert prepare(**FLAGS).code == 0
    assert (
        "not read, as they are no data files: .DS_Store, .d.csv.crc, README.md, _SUCCESS, _temporary.csv and 2 more"
        in capsys.readouterr().out
    )


def test_garbage_with_the_suffix_of_gzip(prepare, raw_folder):
    (raw_folder / "d.csv.gz").write_bytes(b"\x00" + gzip.compress(TEXT.encode())[10:])
    assert "d.csv.gz is neither a gzip file nor text: copy it again" in prepare(**FLAGS).message


def test_a_pointer_of_git_lfs_with_the_suffix_of_parquet(prepare, raw_folder):
    (raw_folder / "d.parquet").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n")
    assert "d.parquet is a pointer of Git LFS, not the data: run git lfs pull" in prepare(**FLAGS).message
