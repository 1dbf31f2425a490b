"""A zip that would unpack to more than it is, or whose parts overlap, is refused unopened."""

import io
import zipfile

import pytest

from engine.exchange.export import exported
from engine.exchange.imports import BadFile, import_file
from engine.store.runs import list_runs
from tests.exchange.bundles import repacked


def test_a_zip_bomb_is_refused_before_anything_is_unpacked(store, other, trained):
    content = exported(store, [trained()], "bundle")
    bomb = repacked(
        content, lambda name, blob: blob if name == "bundle.json" else bytes(10**7), zipfile.ZIP_DEFLATED
    )
    assert len(bomb) < 10**7
    with pytest.raises(BadFile, match="must not be compressed"):
        import_file(other, bomb)


def test_a_zip_whose_parts_overlap_is_refused(store, other, trained):
    content = exported(store, [trained()], "bundle")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sizes = [info.file_size for info in archive.infolist()]
    central = content[content.index(b"PK\x01\x02") :]
    entry = central[: central.index(b"PK\x01\x02", 4)]
    assert sum(sizes) < len(content)
    many = 3 * (len(content) // sizes[0] + 1)
    end = content[content.rindex(b"PK\x05\x06") :]
    place = content.index(b"PK\x01\x02")
    listed = [entry.replace(b"data/", f"d{number:03}/".encode()) for number in range(min(many, 999))]
    directory = b"".join([*listed, central[: central.index(b"PK\x05\x06")]])
    count = (len(listed) + len(sizes)).to_bytes(2, "little")
    sized = len(directory).to_bytes(4, "little")
    ending = end[:8] + count + count + sized + place.to_bytes(4, "little") + end[20:]
    with pytest.raises(BadFile):
        import_file(other, content[:place] + directory + ending)
    assert list_runs(other) == []


@pytest.mark.parametrize(
    ("place", "byte"),
    [(6, 84), (8, 0x20), (8, 0x40), (11, 0x40), (30, 0xFF), (45, 0x7F)],
    ids=[
        "another version",
        "patched",
        "strongly encrypted",
        "another method",
        "extra field",
        "another place",
    ],
)
def test_a_zip_with_a_changed_byte_in_its_directory_is_refused(store, other, trained, place, byte):
    content = bytearray(exported(store, [trained()], "bundle"))
    content[content.index(b"PK\x01\x02") + place] = byte
    with pytest.raises(BadFile, match=r"^the bundle"):
        import_file(other, bytes(content))
    assert list_runs(other) == []
