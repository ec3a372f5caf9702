"""Pictures of the worst errors."""

from pathlib import Path

import pytest

from job.detection.metrics.error_kinds import KINDS, Kind
from job.report.drawing.outlines import OutlinedImage
from job.report.errors.examples import NUM_EXAMPLES, Gallery
from tests.unit.report.errors.make_errors import COW, FAR, HORSE, Box, Found, gallery

TWO = [(COW, "cow"), (HORSE, "horse")]


def shown(found: Gallery, kind: Kind) -> list[str]:
    """The images that are shown of a kind, in their order."""
    return [found.found.ids[each.image] for each in found.worst(kind)]


def test_the_highest_scores_are_the_worst(tmp_path: Path) -> None:
    """One error of an image is shown, its worst."""
    found: list[list[Found]] = [
        [(FAR, "cow", 0.5), (FAR, "cow", 0.4)],
        [(FAR, "cow", 0.9), (COW, "cow", 0.3)],
    ]
    assert shown(gallery(tmp_path, [[], TWO], found), "background") == ["1", "0"]


def test_every_class_is_shown_before_one_is_shown_twice(tmp_path: Path) -> None:
    """A class that is often wrong leaves room for the others."""
    right: list[Found] = [(COW, "cow", 0.1)]
    found: list[list[Found]] = [
        [(FAR, "cow", 0.9 - number / 100), *right] for number in range(NUM_EXAMPLES)
    ]
    found.append([(FAR, "horse", 0.2), *right])
    made = gallery(tmp_path, [TWO] * len(found), found)
    assert shown(made, "background") == ["0", "4", "1", "2"]


def test_what_has_less_than_the_best_confidence_is_not_shown(tmp_path: Path) -> None:
    """The cow is found at 0.5, and what comes after it is only wrong."""
    found: list[Found] = [(COW, "cow", 0.5), (FAR, "cow", 0.4)]
    made = gallery(tmp_path, [[(COW, "cow")]], [found])
    assert made.confidence == 0.5
    assert shown(made, "background") == []


def test_the_largest_missed_boxes_are_the_worst(tmp_path: Path) -> None:
    """By the share of their images; the cow of the first image is found."""
    small, large = (0, 0, 10, 10), (0, 0, 300, 300)
    boxes: list[list[tuple[Box, str]]] = [
        [(COW, "cow")],
        [(small, "cow")],
        [(large, "cow"), (HORSE, "cow")],
    ]
    made = gallery(tmp_path, boxes, [[(COW, "cow", 0.5)], [], []])
    assert shown(made, "missed") == ["2", "1"]
    assert made.pictures()["missed"][0].alt == "missed: cow"


def picture(folder: Path, kind: Kind, found: list[Found]) -> OutlinedImage:
    """The picture of the worst error of a kind, in an image with a cow and a horse."""
    return gallery(folder, [TWO], [found]).pictures()[kind][0]


@pytest.mark.parametrize(
    ("kind", "found", "told", "solid"),
    [
        ("classification", [(HORSE, "cow", 0.75)], "cow 0.75 in place of horse", ["cow 0.75"]),
        ("localisation", [((0, 0, 100, 40), "cow", 0.75)], "cow 0.75", ["cow 0.75"]),
        ("background", [(FAR, "cow", 0.75)], "cow 0.75", ["cow 0.75"]),
        (
            "duplicate",
            [(COW, "cow", 0.75), (COW, "cow", 0.5), (HORSE, "horse", 0.25)],
            "cow 0.50, beside cow 0.75",
            ["cow 0.75", "cow 0.50"],
        ),
        ("missed", [(HORSE, "horse", 0.75)], "cow", ["horse 0.75"]),
    ],
)
def test_a_picture_has_the_detection_and_the_ground_truth(
    tmp_path: Path, kind: Kind, found: list[Found], told: str, solid: list[str]
) -> None:
    """The caption says what is wrong; the ground truth is dashed, and named below its boxes."""
    made = picture(tmp_path, kind, found)
    assert made.alt == f"{kind}: {told}"
    assert str(made.caption) == f"<strong>0</strong>: {told}"
    assert [each.name for each in made.outlines if not each.is_dashed] == solid
    dashed = [each for each in made.outlines if each.is_dashed]
    assert sorted(each.name for each in dashed) == ["cow", "horse"]
    assert all(each.is_named_below for each in dashed)
    assert made.href.startswith("data:image/jpeg;base64,")


def test_a_picture_is_of_the_surroundings(tmp_path: Path) -> None:
    """Three times both boxes: for 100 pixels in the corner, 300 from there."""
    view = picture(tmp_path, "localisation", [((0, 0, 100, 40), "cow", 0.75)]).view
    assert (view.left, view.top, view.width, view.height) == (0, 0, 300, 300)


def test_without_errors_there_are_no_pictures(tmp_path: Path) -> None:
    """A model that is right has none of any kind."""
    right: list[Found] = [(COW, "cow", 0.5), (HORSE, "horse", 0.5)]
    assert gallery(tmp_path, [TWO], [right]).pictures() == {kind: [] for kind in KINDS}
