"""How Pascal VOC's lists, images and XML files find each other."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from job.data.formats.voc import NO_ANNOTATION, SEVERAL_FILES, VocSource
from job.data.ingest.validate import Validation, validate

if TYPE_CHECKING:
    from tests.unit.data.conftest import Voc


def read(voc: "Voc", image_id: str, **options: Any) -> Validation:
    """What becomes of one image of the list `train`."""
    source = VocSource(root=voc.root, pool="train", test="test", **options)
    return next(validate(each) for each in source.samples("pool") if each.id == image_id)


@pytest.mark.parametrize("suffix", [".Jpg", ".JPeG", ".pNG"])
def test_a_suffix_may_be_in_any_case(
    voc: "Voc", encoded: Callable[..., bytes], suffix: str
) -> None:
    """It is stored in lower case."""
    kind = ".png" if suffix.lower() == ".png" else ".jpg"
    voc.add("train", "a", suffix=suffix, data=encoded(7, suffix=kind))
    image = read(voc, "a").image
    assert image
    assert image.encoded.suffix == suffix.lower()


@pytest.mark.parametrize("suffix", [".tif", ".jfif", ".gif", ".HEIC"])
def test_an_image_of_another_format_is_named_as_it_is(voc: "Voc", suffix: str) -> None:
    """It is there, and the line says which suffixes are read."""
    voc.add("train", "a", suffix=suffix)
    path = voc.root / "JPEGImages" / f"a{suffix}"
    (problem,) = read(voc, "a").problems
    assert problem.startswith(f"{path}: an image's name ends in one of .jpg, ")


def test_a_missing_image_is_told_with_its_line(voc: "Voc") -> None:
    """Another tool's file beside it is not an image."""
    voc.add("train", "a")
    (voc.root / "JPEGImages" / "a.jpg").rename(voc.root / "JPEGImages" / "a.txt")
    (problem,) = read(voc, "a").problems
    assert problem == (
        f"{voc.root}/JPEGImages/a.jpg: no such image, nor one with another suffix; "
        f"{voc.root}/ImageSets/Main/train.txt, line 2 names it"
    )


def test_two_files_of_one_stem_are_noted(voc: "Voc", encoded: Callable[..., bytes]) -> None:
    """The .jpg comes before the .png."""
    voc.add("train", "a")
    (voc.root / "JPEGImages" / "a.png").write_bytes(encoded(8, suffix=".png"))
    image = read(voc, "a").image
    assert image
    assert image.encoded.suffix == ".jpg"
    assert image.remarks == (SEVERAL_FILES,)


@pytest.mark.parametrize("line", ["/data/a.jpg", "./a", "a\0b"])
def test_a_line_that_is_not_an_id_is_named(voc: "Voc", line: str) -> None:
    """Empty lines count, so that an editor finds it."""
    path = voc.root / "ImageSets" / "Main" / "train.txt"
    path.write_text(f"good\n\n{line}\n")
    (problem,) = read(voc, line).problems
    assert problem.startswith(f"{path}, line 3: {line!r} ")


def test_images_without_an_xml_file_are_negatives_if_the_user_says_so(voc: "Voc") -> None:
    """Otherwise the line names the option; such a source is another source."""
    voc.add("train", "a")
    (voc.root / "Annotations" / "a.xml").unlink()
    (problem,) = read(voc, "a").problems
    assert "a.xml: no such annotation; --missing-annotation empty takes its image as" in problem
    found = read(voc, "a", missing_annotation="empty")
    assert not found.problems
    assert found.image
    assert found.image.annotation.boxes_xyxy.shape == (0, 4)
    assert found.image.remarks == (NO_ANNOTATION,)


def test_options_that_change_boxes_identify_the_source(voc: "Voc") -> None:
    """Their defaults do not, so that older data sets stay the same."""
    plain = VocSource(root=voc.root, pool="train", test="test").identity()
    changed = VocSource(
        root=voc.root, pool="train", test="test", missing_annotation="empty", pixels_from=0
    )
    assert changed.identity() == plain | {"missing_annotation": "empty", "pixels_from": 0}
