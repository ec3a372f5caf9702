"""What ingest accepts and tells."""

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from job.annotators.oracle import Oracle
from job.data.dataset import Dataset
from job.data.formats.voc import VocSource
from job.data.ingest.ingest import ingest
from job.data.ingest.remarks import BOX_TWICE, DARK, TURNED, spellings
from job.storage.memory import MemoryStore

if TYPE_CHECKING:
    from tests.unit.data.conftest import Voc


def warnings(voc: "Voc") -> tuple[str, ...]:
    """What the summary notes."""
    return ingest(MemoryStore(), VocSource(root=voc.root, pool="train", test="test"), "d").warnings


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = BytesIO()
    Image.effect_noise((40, 30), 50).convert("RGB").save(file, "JPEG", exif=exif)
    return file.getvalue()


def gray_16(highest: int) -> bytes:
    pixels = np.linspace(0, highest, 40 * 30).astype(np.uint16).reshape(30, 40)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_an_exact_repetition_of_a_box_is_taken_once(voc: "Voc", store: MemoryStore) -> None:
    """A detector could find only one of the two."""
    voc.add("train", "a", [("cat", 1, 1, 9, 9), ("dog", 1, 1, 9, 9), ("cat", 1, 1, 9, 9)])
    summary = ingest(store, VocSource(root=voc.root, pool="train", test="test"), "d")
    assert Oracle(Dataset.open(store, "d")).annotate(["a"])["a"].labels == ("cat", "dog")
    assert summary.warnings == (f"pool: 1 images {BOX_TWICE}, such as 'a'",)


@pytest.mark.parametrize(("orientation", "told"), [(1, False), (3, True), (6, False)])
def test_a_turned_image_is_noted_if_nothing_tells_how_its_boxes_lie(
    voc: "Voc", orientation: int, *, told: bool
) -> None:
    """A quarter turn shows in the declared size: 30 x 40; half a turn does not."""
    xml = voc.xml([("cat", 1, 1, 9, 9)])
    if orientation == 6:
        size = "<width>30</width><height>40</height>"
        xml = xml.replace("<width>40</width><height>30</height>", size)
    voc.add("train", "a", xml=xml, data=turned(orientation))
    assert warnings(voc) == (f"pool: 1 images {TURNED}, such as 'a'",) * told


def test_a_turned_image_without_boxes_is_not_noted(voc: "Voc") -> None:
    """It has nothing that could lie elsewhere."""
    voc.add("train", "a", [], data=turned(3))
    assert warnings(voc) == ()


@pytest.mark.parametrize(("highest", "told"), [(4095, True), (8191, True), (8192, False)])
def test_12_bits_in_a_file_of_16_are_noted(voc: "Voc", highest: int, *, told: bool) -> None:
    """The upper 8 bits of 4095 are 15, and of 8192 they are 32."""
    voc.add("train", "a", suffix=".png", data=gray_16(highest))
    assert warnings(voc) == (f"pool: 1 images {DARK}, such as 'a'",) * told


def test_spellings_of_one_class_are_noted(voc: "Voc") -> None:
    """They are classes of their own all the same."""
    voc.add("train", "a", [("Cat", 1, 1, 9, 9)])
    voc.add("test", "b", [("Cat", 1, 1, 9, 9)])
    assert warnings(voc) == ("classes that differ only in spelling: 'Cat', 'cat'",)


def test_spellings_differ_in_case_blanks_and_unicode_form() -> None:
    """NFC and NFD look the same; other letters are other names."""
    light = ["traffic  light", "traffic light", "traffic-light", "traffic_light"]
    cafe = ["Cafe\u0301", "Caf\u00e9"]
    assert spellings([*light, *cafe, "Cafe", "light"]) == [cafe, light]


def test_boxes_that_seem_to_be_percentages_are_noted(voc: "Voc") -> None:
    """10 boxes in images of 300 x 300 pixels, none of which reaches beyond 100."""
    file = BytesIO()
    Image.effect_noise((300, 300), 50).convert("RGB").save(file, "PNG")
    boxes = [("cat", number + 1, 1, 90 + number, 50) for number in range(10)]
    xml = voc.xml(boxes).replace("<width>40</width><height>30</height>", "")
    voc.add("train", "a", xml=xml, data=file.getvalue(), suffix=".png")
    told = "no box reaches beyond 100 pixels, though images are larger than 200"
    advice = "boxes must be in pixels, and not in percent"
    assert warnings(voc) == (f"pool: {told}; {advice}",)
    voc.add("test", "b", [("cat", 1, 1, 9, 9)])
    (voc.root / "Annotations" / "a.xml").write_text(xml.replace(">99<", ">101<"))
    assert warnings(voc) == ()
