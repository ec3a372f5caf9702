"""Reading COCO's layout as export tools write it."""

from typing import TYPE_CHECKING, Any

import pytest

from job.data.formats.coco import CocoSource
from job.data.formats.values import ROTATED
from job.data.ingest.ingest import ingest
from job.data.ingest.validate import Validation, validate
from job.errors import BadDataError
from job.storage.memory import MemoryStore

if TYPE_CHECKING:
    from tests.unit.data.conftest import Coco


def read(coco: "Coco") -> Validation:
    """What becomes of the first image of the pool."""
    return validate(next(iter(coco.source().samples("pool"))))


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ((80.0, 60.0), "80 x 60"),
        (("80", "60"), "80 x 60"),
        ((80, None), r"80 x \?"),
        ((None, 60.0), r"\? x 60"),
    ],
)
def test_a_size_of_any_type_is_held_against_the_image(
    coco: "Coco", size: tuple[Any, Any], told: str
) -> None:
    """The image has 40 x 30 pixels; one side alone tells, too."""
    coco.content["pool"]["images"][0] |= {"width": size[0], "height": size[1]}
    with pytest.raises(BadDataError, match=rf"40 x 30 pixels when upright, but .* says {told}: "):
        ingest(MemoryStore(), coco.source(), "d")


def test_a_size_that_is_not_a_number_is_refused(coco: "Coco") -> None:
    """The line names the entry of the JSON file."""
    coco.content["pool"]["images"][0]["width"] = "wide"
    assert "pool.json: images[0]: the width of the image, 'wide'" in read(coco).problems[0]


def test_boxes_in_shares_of_the_image_are_refused(coco: "Coco") -> None:
    """0.1 0.2 0.5 0.6 of 40 x 30 pixels would be a box within the first pixel."""
    coco.content["pool"]["annotations"][0]["bbox"] = [0.1, 0.2, 0.5, 0.6]
    found = read(coco)
    assert found.image is None
    assert "they seem to be shares of the image, and must be pixels" in found.problems[0]


@pytest.mark.parametrize("boxes", [[[0, 0, 1, 1]], [[0.1, 0.2, 0.5, 0.6], [0, 0, 20, 20]]])
def test_small_boxes_are_taken(coco: "Coco", boxes: list[list[float]]) -> None:
    """A whole pixel may be a box, and one small box says nothing of the others."""
    first = coco.content["pool"]["annotations"].pop()
    coco.content["pool"]["annotations"] = [first | {"bbox": box} for box in boxes]
    assert not read(coco).problems


def test_a_rotated_box_is_taken_as_the_box_around_it(coco: "Coco") -> None:
    """10 x 10 about (20, 15) at 45 degrees reaches 7.071 to each side."""
    coco.content["pool"]["annotations"][0] |= {
        "bbox": [15, 10, 10, 10],
        "attributes": {"occluded": False, "rotation": 45.0},
    }
    image = read(coco).image
    assert image
    expected = pytest.approx([12.929, 7.929, 27.071, 22.071], abs=1e-3)
    assert image.annotation.boxes_xyxy[0].tolist() == expected
    assert image.remarks == (ROTATED,)


def test_a_rotation_of_0_changes_nothing(coco: "Coco") -> None:
    """CVAT writes it for each box."""
    coco.content["pool"]["annotations"][0]["attributes"] = {"rotation": 0.0}
    image = read(coco).image
    assert image
    assert image.annotation.boxes_xyxy.tolist() == [[0, 0, 20, 20]]
    assert not image.remarks


def test_boxes_of_another_kind_are_refused(coco: "Coco") -> None:
    """Detectron2 says by a number what a bbox is: 0 is two corners, 1 is COCO's own."""
    annotation = coco.content["pool"]["annotations"][0]
    annotation["bbox_mode"] = 1
    assert not read(coco).problems
    annotation["bbox_mode"] = 0
    assert "annotation 1 'zebra': bbox_mode 0: a bbox must be" in read(coco).problems[0]


def test_a_category_without_a_box_is_left_out_and_told(coco: "Coco") -> None:
    """The fixture's ants have no box in either split."""
    store = MemoryStore()
    summary = ingest(store, coco.source(), "d")
    assert summary.classes == ("zebra",)
    assert summary.warnings == ("classes without a box in either split, left out: ant",)


def test_an_unused_category_may_have_the_name_of_a_used_one(coco: "Coco") -> None:
    """Exports of Roboflow have a root category, which a project may name like a class."""
    for content in coco.content.values():
        content["categories"].append({"id": 0, "name": "zebra"})
    assert coco.source().classes == ("zebra", "ant")
    coco.add("pool", "a.jpg", [(0, [0, 0, 9, 9])])
    with pytest.raises(BadDataError, match="the category 0 'zebra' occurs twice"):
        coco.source().identity()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"annotations": [', '"annotations": [], "annotations": ['),
        ('"bbox": ', '"bbox": [1, 1, 2, 2], "bbox": '),
    ],
)
def test_a_key_that_occurs_twice_is_refused(coco: "Coco", old: str, new: str) -> None:
    """JSON would keep the last value, and lose the first without a word."""
    options = coco.write()
    path = options["pool_annotations"]
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(BadDataError, match=r"pool.json: malformed JSON: the key '\w+' occurs twic"):
        CocoSource.model_validate(options).identity()


def test_prefixes_tell_equal_names_apart(coco: "Coco") -> None:
    """Without one, the message names the option."""
    coco.add("pool", "frame.jpg")
    coco.add("test", "frame.jpg")
    with pytest.raises(BadDataError, match="unique across pool and test: --test-prefix test/ make"):
        ingest(MemoryStore(), coco.source(), "d")
    source = CocoSource.model_validate(coco.write() | {"test_prefix": "test/"})
    assert [sample.id for sample in source.samples("test")] == ["test/other", "test/frame"]
    assert source.identity() == coco.source().identity() | {"test_prefix": "test/"}
    assert not ingest(MemoryStore(), source, "d").problems
