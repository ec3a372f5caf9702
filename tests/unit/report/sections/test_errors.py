"""The section on errors."""

from dataclasses import replace

import pytest

from job.detection.metrics.error_kinds import KINDS
from job.report.drawing.outlines import OutlinedImage, View
from job.report.errors.summary import ArmErrors, ClassErrors
from job.report.sections.base import Section
from job.report.sections.errors import MAX_CLASSES, SHORT, ErrorsSection
from tests.unit.report.make_context import ERRORS, built, cells, context


def of_errors(*errors: ArmErrors) -> Section:
    return built(ErrorsSection(), context(errors=errors))


def test_without_detections_there_is_no_section() -> None:
    """The driver's reports do not read them."""
    assert ErrorsSection().build(context()) is None


def test_it_says_what_costs_most() -> None:
    """The two kinds whose mending would gain most, in points."""
    said = (
        "random, round 1: mAP 0.375. Mending all errors of the kind localisation would gain 25.0"
        " points, and those of the kind missed 12.5 points."
    )
    assert said in of_errors(ERRORS).html


def test_every_kind_is_explained_and_drawn() -> None:
    """With TIDE's short name, which stands above the columns."""
    section = of_errors(ERRORS)
    for kind in KINDS:
        assert f"<strong>{kind}</strong> ({SHORT[kind]})" in section.html
    (figure,) = section.figures
    assert figure.alt.startswith("random: classification 0.00, localisation 25.00, both 0.00")


def test_counts_and_gains_have_a_table_each() -> None:
    """Counts are those from the best confidence on; gains are points of each class."""
    table = cells(of_errors(ERRORS).html)
    assert ["", "confidence", "objects", "found", *SHORT.values()] in table
    assert ["random", "0.25", "1,200", "400.5", "0", "2.5", "0", "0", "0", "300"] in table
    gains = ["0.0", "50.0", "0.0", "0.0", "0.0", "25.0"]
    assert ["cow", "1,200", "0.375", *gains, "horse (2.5)"] in table


@pytest.mark.parametrize(("number", "said"), [(MAX_CLASSES, False), (MAX_CLASSES + 1, True)])
def test_of_many_classes_the_worst_are_shown(number: int, said: bool) -> None:  # noqa: FBT001
    """The table says so, and the CSV has all."""
    cow = ERRORS.classes[0]
    classes = [_renamed(cow, index) for index in range(number)]
    section = of_errors(replace(ERRORS, classes=tuple(classes)))
    assert f"the {MAX_CLASSES} classes that lose most" in section.html or not said
    shown = {row[0] for row in cells(section.html)}
    assert ("class 0" in shown) == (not said)
    assert f"class {number - 1}" in shown
    assert len(section.tables["errors"]) == number * len(KINDS)


def _renamed(of: ClassErrors, index: int) -> ClassErrors:
    """A class that loses the more by missed boxes the higher its index is."""
    return replace(of, name=f"class {index}", gains={**of.gains, "missed": index / 100})


def test_pictures_stand_below_what_they_show() -> None:
    """A kind without pictures has no heading."""
    cow = OutlinedImage("data:image/jpeg;base64,QQ==", View(0, 0, 9, 9), "missed: cow", "a cow")
    html = of_errors(replace(ERRORS, pictures={"missed": [cow], "both": []})).html
    heading = html.index("<h3>Missed: an object that no detection finds")
    assert heading < html.index('aria-label="missed: cow"')
    assert "<h3>Both" not in html
    assert "pictures (seed 0)" in html
    assert "pictures (seed" not in of_errors(ERRORS).html


def test_one_arm_is_open_and_several_are_folded() -> None:
    """A page with one arm has room for its pictures."""
    assert "<details open>" in of_errors(ERRORS).html
    assert "<details open>" not in of_errors(ERRORS, replace(ERRORS, arm="a")).html


def test_all_numbers_are_in_the_files() -> None:
    """The table of classes and kinds, and JSON by arm; neither has pictures."""
    section = of_errors(ERRORS)
    assert section.tables["errors"][1] == {
        "arm": "random",
        "class": "cow",
        "boxes": 1200,
        "ap50": 0.375,
        "kind": "localisation",
        "gain": 0.5,
        "errors": 2.5,
    }
    numbers = section.numbers["errors"]
    assert isinstance(numbers, dict)
    assert numbers["random"]["gains"]["localisation"] == 0.25
    assert "pictures" not in numbers["random"]
