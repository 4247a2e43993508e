"""Files are cut into blocks of whole rows, whatever their size and whatever is in quotes."""

import gzip
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import csv_rows
from preprocessing import blocks, sources


def read(folder, block_bytes: int, monkeypatch) -> list[blocks.Block]:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block_bytes)
    (source,) = sources.find(folder, "auto", ",")
    return list(blocks.read(source, list(source.header), ","))


def rows_of(block: blocks.Block) -> list[tuple[int, str]]:
    rows = csv_rows.split_rows(block.text, ",")
    return [(block.line + rows.line(at) - 1, rows.text(at)) for at in range(len(rows.starts))]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("block_bytes", [64, 200, 1000])
def test_rows_and_their_lines_are_the_same_for_any_block_size(tmp_path, monkeypatch, end, block_bytes):
    draw = np.random.default_rng(block_bytes)
    cells = ["1", "", "text", '"quo,ted"', f'"two{end}lines"', '6" pipe', '"a""b"', '""']
    rows, line, expected = [], 3 if end != "\n" else 2, []
    for _ in range(300):
        row = ",".join(draw.choice(cells, 3))
        expected.append((line, row))
        line += row.count(end) + 1
        rows.append(row)
    header = f'"a{end}1",b,c' if end != "\n" else "a,b,c"
    (tmp_path / "d.csv").write_bytes((header + end + end.join(rows)).encode())
    found = [row for block in read(tmp_path, block_bytes, monkeypatch) for row in rows_of(block)]
    assert found == expected


def test_a_quote_that_is_never_closed_costs_one_line(tmp_path, monkeypatch):
    lines = [f"{number},x\n" for number in range(5000)]
    lines[2000] = '1,"oops\n'
    (tmp_path / "d.csv.gz").write_bytes(gzip.compress(("a,b\n" + "".join(lines)).encode()))
    found = read(tmp_path, 4000, monkeypatch)
    assert b"".join(block.text for block in found) == "".join(lines).encode()
    (alone,) = [block for block in found if b"oops" in block.text]
    assert (alone.text, alone.line) == (b'1,"oops\n', 2002)


@pytest.mark.parametrize("cell", ["z" * 5000, '"' + "z\n" * 2500 + '"'])
def test_a_row_longer_than_a_block_is_whole_wherever_it_begins(tmp_path, monkeypatch, cell):
    """As a cell of 10 MB is; cut, it would be thousands of rejected rows."""
    for before in range(0, 2000, 90):
        rows = ["1,x"] * (before // 4) + [f"2,{cell}", f"3,{cell}", "4,y"]
        (tmp_path / "d.csv").write_text("\n".join(["a,b", *rows, ""]))
        assert [row for block in read(tmp_path, 2000, monkeypatch) for _, row in rows_of(block)] == rows


@pytest.mark.slow
def test_many_stray_quotes_do_not_take_forever(tmp_path, monkeypatch):
    (tmp_path / "d.csv").write_text("a,b\n" + '1,"oops\n2,x\n3,y\n' * 20_000)
    started = time.monotonic()
    assert sum(csv_rows.count_lines(block.text) for block in read(tmp_path, 1 << 16, monkeypatch)) == 60_000
    assert time.monotonic() - started < 20


def test_parquet_comes_in_batches_and_columns_that_are_needed(tmp_path, monkeypatch):
    pq.write_table(pa.table({"a": range(1000), "b": range(1000)}), tmp_path / "d.parquet")
    monkeypatch.setattr(blocks, "BATCH_CELLS", 300)
    (source,) = sources.find(tmp_path, "auto", ",")
    found = list(blocks.read(source, ["b"], ","))
    assert [block.line for block in found] == [1, 301, 601, 901]
    assert pa.concat_tables([block.table for block in found]).to_pydict() == {"b": list(range(1000))}


def test_files_are_found_by_path_and_hidden_ones_are_not(tmp_path):
    for name in ("b.csv", "a/z.csv", "a/C.CSV", ".hidden.csv", "_SUCCESS", "_temporary/x.csv", "notes.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x,y\n1,2\n")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "empty.parquet").touch()
    assert [source.name for source in sources.find(tmp_path, "csv", ",")] == ["a/C.CSV", "a/z.csv", "b.csv"]


def test_empty_files_are_skipped(tmp_path):
    (tmp_path / "empty.parquet").touch()
    pq.write_table(pa.table({"a": [1]}), tmp_path / "full.parquet")
    assert [source.name for source in sources.find(tmp_path, "auto", ",")] == ["full.parquet"]


def test_a_header_may_be_quoted_and_nameless_columns_get_a_name(tmp_path):
    (tmp_path / "d.csv").write_bytes(b'\xef\xbb\xbf\r\n,"a,1", b \r\n1,2,3')
    (source,) = sources.find(tmp_path, "auto", ",")
    assert source.header == ("column_1", "a,1", "b")
    (block,) = blocks.read(source, [], ",")
    assert (block.text, block.line) == (b"1,2,3", 3)


def test_an_uncompressed_file_with_a_suffix_of_compression(tmp_path):
    (tmp_path / "plain.csv.gz").write_text("x,y\n1,2\n")
    (tmp_path / "packed.csv").write_bytes(gzip.compress(b"x,y\n1,2\n"))
    found = [block.text for source in sources.find(tmp_path, "auto", ",") for block in blocks.read(source, [], ",")]
    assert found == [b"1,2\n", b"1,2\n"]
