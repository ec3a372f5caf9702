"""Reading COCO's layout."""

import math
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from job.data.formats.coco import CocoSource
from job.data.ingest.validate import validate
from job.errors import BadDataError, UsageError
from job.records.annotation import Annotation

if TYPE_CHECKING:
    from tests.unit.data.conftest import Coco


def annotations(coco: "Coco") -> dict[str, Annotation]:
    """What is read from the pool; nothing may be wrong with it."""
    found = {}
    for sample in coco.source().samples("pool"):
        result = validate(sample)
        assert result.image
        assert not result.problems
        found[sample.id] = result.image.annotation
    return found


def problems(coco: "Coco") -> list[str]:
    """What is wrong with the pool."""
    samples = coco.source().samples("pool")
    return [problem for sample in samples for problem in validate(sample).problems]


def test_corner_and_size_become_two_corners(coco: "Coco") -> None:
    """`x y width height` is x, y, x + width, y + height; categories become names."""
    coco.add("pool", "a.jpg", [(9, [1.5, 2, 10, 20]), (3, [0, 0, 40, 30])])
    found = annotations(coco)["a"]
    assert found.boxes_xyxy.tolist() == [[1.5, 2, 11.5, 22], [0, 0, 40, 30]]
    assert found.labels == ("ant", "zebra")


def test_classes_are_in_the_order_of_their_ids(coco: "Coco") -> None:
    """The zebra has id 3 and the ant 9; a category without a box is a class all the same."""
    assert coco.source().classes == ("zebra", "ant")


def test_crowd_region_is_kept_as_one(coco: "Coco") -> None:
    """The flag comes through, and with it the run-length mask that goes along does no harm."""
    coco.add("pool", "a.jpg")
    coco.content["pool"]["annotations"][-1] |= {
        "iscrowd": 1,
        "segmentation": {"counts": [1, 2], "size": [30, 40]},
    }
    assert annotations(coco)["a"].crowd == (True,)


@pytest.mark.parametrize(("value", "expected"), [(True, True), (False, False), (0, False)])
def test_crowd_may_be_a_truth_value(coco: "Coco", value: object, expected: bool) -> None:  # noqa: FBT001 - a value to compare with
    """Some tools write true and false."""
    coco.add("pool", "a.jpg")
    coco.content["pool"]["annotations"][-1]["iscrowd"] = value
    assert annotations(coco)["a"].crowd == (expected,)


@pytest.mark.parametrize("value", [2, "1", None])
def test_crowd_that_is_neither_is_bad(coco: "Coco", value: object) -> None:
    """What is neither is not taken for no."""
    coco.add("pool", "a.jpg")
    coco.content["pool"]["annotations"][-1]["iscrowd"] = value
    assert f"annotation 2 'zebra': iscrowd {value!r} is neither 0 nor 1" in problems(coco)[0]


def test_ids_may_be_whole_numbers_with_a_point(coco: "Coco") -> None:
    """Tools that go through tables of floats write 3.0 for 3."""
    coco.add("pool", "a.jpg")
    annotation = coco.content["pool"]["annotations"][-1]
    annotation |= {"image_id": float(annotation["image_id"]), "category_id": 3.0}
    coco.content["test"]["categories"][0]["id"] = 9.0
    assert annotations(coco)["a"].labels == ("zebra",)


def test_files_may_list_different_categories(coco: "Coco") -> None:
    """The classes are those of both files."""
    coco.content["pool"]["categories"] = [{"id": 3, "name": "zebra"}]
    coco.content["test"]["categories"] = [{"id": 3, "name": "zebra"}, {"id": 1, "name": "bee"}]
    assert coco.source().classes == ("bee", "zebra")


def test_image_without_annotations_is_taken(coco: "Coco") -> None:
    """An image that no annotation names is an image without objects."""
    coco.add("pool", "empty.jpg", [])
    assert annotations(coco)["empty"].labels == ()


@pytest.mark.parametrize(
    ("file_name", "image_id"),
    [("a.b.jpg", "a.b"), ("sub/a.jpg", "sub/a"), ("Zürich 1.jpg", "Zürich 1")],
)
def test_id_is_the_file_name_without_its_suffix(
    coco: "Coco", file_name: str, image_id: str
) -> None:
    """Folders, dots, spaces and any letters stay."""
    coco.add("pool", file_name)
    assert image_id in annotations(coco)


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ((3, [5, 5, 0, 10]), "annotation 2 'zebra' (bbox [5, 5, 0, 10]): inverted or empty"),
        ((3, [5, 5, -3, 10]), "inverted or empty"),
        ((3, [30, 5, 30, 10]), "outside the image of 40 x 30 pixels by 20"),
        ((3, [math.nan, 5, 3, 10]), "not a finite number"),
        ((3, [1, 5, math.inf, 10]), "not a finite number"),
        ((3, [1, 5, 3]), "annotation 2 'zebra': bbox [1, 5, 3] is not four numbers"),
        ((3, [1, 5, 3, "4"]), "is not four numbers"),
        ((3, [1, 5, 3, True]), "is not four numbers"),
        ((3, [1, 5, 3, 10**400]), "is not four numbers"),
        ((3, None), "bbox None is not four numbers"),
        ((7, [1, 5, 3, 4]), "annotation 2: category_id 7 is not a category"),
    ],
)
def test_bad_box_is_named_in_the_files_own_numbers(
    coco: "Coco", box: tuple[int, Any], reason: str
) -> None:
    """The line names the JSON file, the annotation and its bbox as it is written there."""
    coco.add("pool", "a.jpg", [box])
    (problem,) = problems(coco)
    assert problem.startswith(f"{coco.root / 'pool.json'}: ")
    assert reason in problem
    assert len(problem.removeprefix(str(coco.root))) < 250  # however long a number is


def test_missing_image_is_named(coco: "Coco") -> None:
    """The line says which file is not there."""
    coco.add("pool", "gone.jpg")
    (coco.root / "pool" / "gone.jpg").unlink()
    assert problems(coco) == [f"{coco.root / 'pool' / 'gone.jpg'}: no such image"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"file_name": 5}, "images[1]: an image needs an id and a file_name"),
        ({"id": 1}, "images[1]: the image id 1 occurs twice"),
        ({"file_name": "../a.jpg"}, "images[1]: '../a' leads out of the images' folder"),
        ({"file_name": "/a.jpg"}, "leads out of the images' folder"),
        ({"file_name": ""}, "is not the name of an image"),
        ({"file_name": "a\ud800.jpg"}, "has control characters or lone surrogates"),
    ],
)
def test_bad_image_entry_is_named(coco: "Coco", change: dict[str, Any], reason: str) -> None:
    """The line names the JSON file and the entry."""
    coco.add("pool", "a.jpg", [])
    coco.content["pool"]["images"][1] |= change
    (problem,) = problems(coco)
    assert problem.startswith(f"{coco.root / 'pool.json'}: images[1]: ")
    assert reason in problem


def test_image_of_unknown_format_is_refused(coco: "Coco") -> None:
    """A suffix that no image has could be taken for something else in a shard."""
    coco.add("pool", "a.json", [])
    assert "a.json: an image's name ends in one of .jpg, " in problems(coco)[0]


def test_annotation_of_no_image_is_named(coco: "Coco") -> None:
    """An image_id that is not among the images is not dropped in silence."""
    coco.add("pool", "a.jpg")
    coco.content["pool"]["annotations"][-1]["image_id"] = 77
    assert problems(coco) == [
        f"{coco.root / 'pool.json'}: annotation 2: image_id 77 is not the id of an image"
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "malformed JSON"),
        ("[" * 100_000, "malformed JSON"),
        ("\xff", "no COCO instances|malformed JSON"),
        ("[]", "not a file of COCO instances: 'images' is not a list of objects"),
        ('{"images": [], "annotations": {}}', "'annotations' is not a list of objects"),
        ('{"images": [1], "annotations": []}', "'images' is not a list of objects"),
        ('{"images": [], "annotations": []}', "'categories' is not a list of objects"),
    ],
)
def test_bad_json_is_refused_at_once(coco: "Coco", text: str, reason: str) -> None:
    """The line names the file."""
    options = coco.write()
    options["pool_annotations"].write_text(text, encoding="latin-1")
    with pytest.raises(BadDataError, match=rf"pool.json: .*({reason})"):
        CocoSource.model_validate(options).identity()


@pytest.mark.parametrize(
    ("categories", "reason"),
    [
        ([{"id": 1, "name": " "}], r"categories\[0\]: a category needs a number as its id"),
        ([{"id": "1", "name": "ant"}], "a category needs a number as its id"),
        ([{"id": 1, "name": "a\x07b"}], "has control characters or lone surrogates"),
        ([{"id": 1, "name": "a\ud800"}], "has control characters or lone surrogates"),
        ([{"name": "ant"}], "a category needs a number as its id"),
        ([{"id": 1, "name": "a"}, {"id": 1, "name": "b"}], "the category 1 'b' occurs twice"),
        ([{"id": 1, "name": "a"}, {"id": 2, "name": "a"}], "the category 2 'a' occurs twice"),
        ([{"id": 3, "name": "ant"}, {"id": 9, "name": "zebra"}], "disagree in ids and names"),
        ([{"id": 4, "name": "zebra"}], "disagree in ids and names"),
    ],
)
def test_bad_categories_are_refused(
    coco: "Coco", categories: list[dict[str, Any]], reason: str
) -> None:
    """Names and ids are one to one, in each file and in both together."""
    coco.content["pool"]["categories"] = categories
    with pytest.raises(BadDataError, match=reason):
        coco.source().identity()


def test_missing_file_and_folder_are_named(coco: "Coco") -> None:
    """A path that is wrong is named before anything is read."""
    options = coco.write()
    folder = CocoSource.model_validate(options | {"pool_images": coco.root / "nowhere"})
    with pytest.raises(UsageError, match="nowhere: no such folder"):
        folder.identity()
    path = CocoSource.model_validate(options | {"pool_annotations": coco.root / "nowhere.json"})
    with pytest.raises(BadDataError, match=r"nowhere.json: no such annotations"):
        path.identity()


def test_source_is_told_by_its_content_and_not_by_its_place(coco: "Coco", tmp_path: Path) -> None:
    """A copy elsewhere is the same; another image or annotation makes another."""
    before = coco.source().identity()
    coco.root = Path(shutil.copytree(coco.root, tmp_path / "copy"))
    assert coco.source().identity() == before
    (coco.root / "pool" / "good.jpg").write_bytes(b"")
    assert coco.source().identity()["pool_digest"] != before["pool_digest"]
    coco.content["test"]["annotations"][0]["bbox"][0] += 1
    assert coco.source().identity()["test_digest"] != before["test_digest"]
