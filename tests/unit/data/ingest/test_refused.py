"""What a refused ingest leaves behind, and which sources are another one."""

from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from job.data.formats.voc import VocSource
from job.data.ingest.ingest import ingest
from job.errors import BadDataError, UsageError
from job.storage.memory import MemoryStore

if TYPE_CHECKING:
    from tests.unit.data.conftest import Voc


def bitmap(level: int) -> bytes:
    file = BytesIO()
    Image.new("RGB", (40, 30), (level, level, level)).save(file, "BMP")
    return file.getvalue()


def test_a_refused_ingest_leaves_nothing_in_the_store(voc: "Voc", store: MemoryStore) -> None:
    """The test set is written before the pool's bad image is found."""
    voc.add("train", "bad", data=b"no image")
    store.write("datasets/other/pool/00000.tar", b"kept")
    with pytest.raises(BadDataError):
        ingest(store, VocSource(root=voc.root, pool="train", test="test"), "d")
    assert list(store.list("")) == ["datasets/other/pool/00000.tar"]


def test_an_image_that_changed_makes_another_source(voc: "Voc", store: MemoryStore) -> None:
    """Also if it has as many bytes as before."""
    voc.add("train", "a", suffix=".bmp", data=bitmap(10))
    source = VocSource(root=voc.root, pool="train", test="test")
    ingest(store, source, "d")
    assert "there already" in ingest(store, source, "d").title
    (voc.root / "JPEGImages" / "a.bmp").write_bytes(bitmap(20))
    with pytest.raises(UsageError, match="another source: the image 'a' has changed: take another"):
        ingest(store, source, "d")


class Racing(MemoryStore):
    """A store in which another command makes the data set just before this one does."""

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        if key.endswith("dataset.json"):
            super().write(key, b"of another")
        return super().write(key, data, if_absent=if_absent)


def test_of_two_commands_that_make_a_data_set_at_once_one_is_told(voc: "Voc") -> None:
    """The last one would else replace what the first one has told as written."""
    store = Racing()
    voc.add("train", "a")
    voc.add("test", "t")
    with pytest.raises(UsageError, match=r"another command has made it of other images meanwhile"):
        ingest(store, VocSource(root=voc.root, pool="train", test="test"), "d")
    assert store.read("datasets/d/dataset.json") == b"of another"


def test_a_name_that_differs_by_case_is_refused(voc: "Voc", store: MemoryStore) -> None:
    """On a disk that ignores case, the two data sets would be one folder."""
    store.write("datasets/VOC/dataset.json", b"there")
    with pytest.raises(UsageError, match="data set 'voc': there is 'VOC'"):
        ingest(store, VocSource(root=voc.root, pool="train", test="test"), "voc")
