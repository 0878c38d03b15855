"""Archives: what is wanted comes out, what is hostile does not get far."""

import bz2
import gzip
import io
import lzma
import resource
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from include.errors import SourceError
from include.extraction.caps import Caps

CSV = b"a,b\n1,2\n"


def zipped(files, **options):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return data.getvalue()


def tarred(members):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for info, content in members:
            if isinstance(info, str):
                info = tarfile.TarInfo(info)
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


def special(kind, target=""):
    info = tarfile.TarInfo("x.csv")
    info.type, info.linkname = kind, target
    return info


def outside(folder: Path) -> list[str]:
    """All that lies in the reading's folder but its frames."""
    return [str(path) for path in folder.rglob("*") if "out/frame-" not in str(path) and path.name != "out"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.zip", zipped([("data/t.csv", CSV), ("__MACOSX/t.csv", b"\0"), ("data/.DS_Store", b"\0")])),
        ("t.csv.gz", gzip.compress(CSV[:4]) + gzip.compress(CSV[4:])),
        ("t.csv.bz2", bz2.compress(CSV)),
        ("t.csv.xz", lzma.compress(CSV[:4]) + lzma.compress(CSV[4:])),
        ("t.tar", tarred([("data/t.csv", CSV)])),
        ("t.tar.gz", gzip.compress(tarred([("t.csv", CSV)]))),
        ("t.tar.bz2", bz2.compress(tarred([("t.csv", CSV)]))),
        ("t.tar.xz", lzma.compress(tarred([("t.csv", CSV)]))),
        ("t.zip", zipped([("inner.zip", zipped([("t.csv", CSV)]))])),
        ("t.zip", zipped([("t.csv.gz", gzip.compress(CSV))])),
        ("download", zipped([("t.csv", CSV)])),
    ],
)
def test_a_table_in_any_of_them(read_bytes, name, data):
    assert read_bytes(data, name=name).rows == [("1", "2")]


def test_members_are_chosen_and_read_by_name(read_bytes):
    files = [("b.csv", b"a,c\n3,4\n"), ("a.csv", CSV), ("notes.pdf", b"%PDF"), ("x/d.csv", b"a\n5\n")]
    table = read_bytes(zipped(files), name="t.zip", member="*.csv")
    assert list(table.reading.frames) == ["t.zip/a.csv", "t.zip/b.csv", "t.zip/x/d.csv"]
    assert table.rows == [("1", "2", None), ("3", None, "4"), ("5", None, None)]
    assert table.numbers == [1, 2, 3]
    with pytest.raises(SourceError, match=r"t\.zip/notes\.pdf: is a PDF.*source\.member"):
        read_bytes(zipped(files), name="t.zip")
    with pytest.raises(SourceError, match=r"nothing matches source\.member '\*\.xml', found a\.csv, b\.csv"):
        read_bytes(zipped(files), name="t.zip", member="*.xml")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lambda data: zipped([("t.csv", data)])])
def test_a_bomb_is_stopped_early(read_bytes, tmp_path, pack):
    """Fault 15: a thousandfold; it is stopped before it is all there."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bomb = pack(b"0" * (96 << 20))
    assert len(bomb) < 300_000
    packed_in = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SourceError, match=r"unpack to more than .* It looks like a bomb; refused"):
        read_bytes(bomb, name="bomb")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - max(before, packed_in) < 64 << 10
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "1" / "bomb"]


def test_unpacked_bytes_are_capped_over_all_files(read_bytes):
    """Fault 15."""
    data = zipped([(f"{at}.csv", b"a,b\n" + b"1,2\n" * 10_000) for at in range(5)])
    with pytest.raises(SourceError, match=r"t\.zip/2\.csv: unpacks to more than 100,000 bytes"):
        read_bytes(data, name="t.zip", caps=Caps(bytes=100_000))


def test_archives_in_archives_in_archives(read_bytes):
    """Fault 15."""
    data = zipped([("t.csv", CSV)])
    for _ in range(2):
        data = zipped([("inner.zip", data)])
    with pytest.raises(SourceError, match=r"t\.zip/inner\.zip/inner\.zip: an archive 3 deep, expected at most 2"):
        read_bytes(data, name="t.zip")
    with pytest.raises(SourceError, match=r"gzip inside gzip"):
        read_bytes(gzip.compress(gzip.compress(CSV)), name="t.csv.gz")


def test_ten_million_members_are_refused_unread(read_bytes):
    """Fault 15: the directory says so; it is not read."""
    entry = struct.pack("<4s42x", b"PK\x01\x02")
    length = len(entry) * 10_000_000
    end64 = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 10_000_000, 10_000_000, length, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, length, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SourceError, match=r"10,000,000 members in a directory of .* expected at most 1,000"):
        read_bytes(b"PK\x03\x04" + entry * 1_000 + end64 + locator + end, name="t.zip")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10


def test_too_many_members(read_bytes):
    """Fault 15."""
    with pytest.raises(SourceError, match="expected at most 10"):
        read_bytes(zipped([(f"{at}.csv", CSV) for at in range(11)]), name="t.zip", caps=Caps(members=10))
    with pytest.raises(SourceError, match="expected at most 10"):
        read_bytes(tarred([(f"{at}.csv", CSV) for at in range(50)]), name="t.tar", caps=Caps(members=10))


@pytest.mark.parametrize("name", ["../t.csv", "/etc/t.csv", "a/../../t.csv", "..\\t.csv", "C:\\t.csv", "C:t.csv"])
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_names_that_lead_outside(read_bytes, tmp_path, name, pack):
    """Fault 16."""
    with pytest.raises(SourceError, match=r"leads outside the archive.\n.*nothing was unpacked"):
        read_bytes(pack([("good.csv", CSV), (name, CSV)]), name="t.zip")
    assert outside(tmp_path) == [str(tmp_path / "1"), str(tmp_path / "1" / "t.zip")]


@pytest.mark.parametrize(
    "info",
    [
        special(tarfile.SYMTYPE, "/etc/passwd"),
        special(tarfile.LNKTYPE, "../x"),
        special(tarfile.CHRTYPE),
        special(tarfile.BLKTYPE),
        special(tarfile.FIFOTYPE),
    ],
)
def test_links_and_devices_in_tar(read_bytes, info):
    """Fault 16."""
    with pytest.raises(SourceError, match=r"'x\.csv' is a link, a device or sparse"):
        read_bytes(tarred([("good.csv", CSV), (info, b"")]), name="t.tar")


def test_links_in_zip(read_bytes):
    """Fault 16."""
    link = zipfile.ZipInfo("x.csv")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with pytest.raises(SourceError, match=r"'x\.csv' is a link or a device"):
        read_bytes(zipped([("good.csv", CSV), (link, "/etc/passwd")]), name="t.zip")


@pytest.mark.parametrize(("one", "two"), [("a.csv", "A.csv"), ("é.csv", "e\u0301.csv"), ("a.csv", "a.csv")])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_are_the_same_somewhere(read_bytes, one, two):
    """Fault 16."""
    for pack in (zipped, tarred):
        with pytest.raises(SourceError, match="are the same name on some systems"):
            read_bytes(pack([(one, CSV), (two, CSV)]), name="t.zip")


def test_a_zip_whose_member_has_a_name_in_another_encoding_than_it_says(read_bytes):
    data = zipped([("d\u00e9.csv", CSV)]).replace("d\u00e9".encode(), b"d\xf4\xe9")
    with pytest.raises(SourceError, match="not UTF-8"):
        read_bytes(data, name="t.zip")


def test_an_encrypted_zip(read_bytes):
    data = bytearray(zipped([("t.csv", CSV)]))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(SourceError, match=r"'t\.csv' is encrypted"):
        read_bytes(bytes(data), name="t.zip")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.zip", zipped([("t.csv", CSV * 100)])),
        ("t.csv.gz", gzip.compress(CSV * 100)),
        ("t.csv.bz2", bz2.compress(CSV * 100)),
        ("t.csv.xz", lzma.compress(CSV * 100)),
        ("t.tar", tarred([("t.csv", CSV * 1000)])),
    ],
)
def test_archives_cut_short(read_bytes, name, data):
    with pytest.raises(SourceError, match=r"Fetch it again"):
        read_bytes(data[: len(data) // 2], name=name)


def test_a_flipped_bit_is_seen(read_bytes):
    data = bytearray(zipped([("t.csv", b"a,b\n" + b"1,2\n" * 1000)]))
    data[60] ^= 0xFF
    with pytest.raises(SourceError, match=r"cannot be unpacked"):
        read_bytes(bytes(data), name="t.zip")


def test_a_tar_header_that_would_fill_memory(read_bytes):
    """Fault 15: a pax record of half a gigabyte is refused from its header."""
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 512 << 20
    with pytest.raises(SourceError, match=r"a header of 536,870,912 bytes, expected at most 1,048,576"):
        read_bytes(header.tobuf(tarfile.PAX_FORMAT) + b"\0" * 4096, name="t.tar")
