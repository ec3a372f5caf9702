"""Checks of single images, in threads."""

import pytest

from job.data.formats.base import LoadedSample, Sample, SourceBox
from job.data.ingest.validate import validate


def test_all_problems_of_an_image_are_told(encoded: object) -> None:
    """One bad box does not hide the next, nor the good one between them."""
    assert callable(encoded)
    boxes = (
        SourceBox((5, 5, 1, 9), "cat", "box 1"),
        SourceBox((1, 1, 5, 9), "cat", "box 2", difficult=True),
        SourceBox((1, 1, 5, 9), "", "box 3"),
    )
    content = LoadedSample(encoded(0), ".JPG", "a.JPG", "a.xml", boxes, ("box 4: no coordinates",))
    result = validate(Sample("a", lambda: content))
    assert result.problems == (
        "a.xml: box 4: no coordinates",
        "a.xml: box 1: inverted or empty",
        "a.xml: box 3: its class has no name",
    )
    assert result.image
    assert result.image.annotation.boxes_xyxy.tolist() == [[1, 1, 5, 9]]
    assert result.image.annotation.difficult == (True,)
    assert result.image.encoded.suffix == ".jpg"


def test_a_class_that_the_source_does_not_list_is_refused(encoded: object) -> None:
    """A later stage would not know its index."""
    assert callable(encoded)
    boxes = (SourceBox((1, 1, 5, 9), "cat", "box 1"), SourceBox((1, 1, 5, 9), "dog", "box 2"))
    content = LoadedSample(encoded(0), ".jpg", "a.jpg", "a.xml", boxes)
    result = validate(Sample("a", lambda: content), ("cat",))
    assert result.image
    assert result.image.annotation.labels == ("cat",)
    assert result.problems == (
        "a.xml: box 2: its class 'dog' is not one of the source's; known: cat",
    )


@pytest.mark.parametrize("image_id", ["../../pool\n0", "", "/etc/a", "a\tb"])
def test_an_id_that_is_not_safe_as_a_path_is_refused(encoded: object, image_id: str) -> None:
    """Whatever format it comes from."""
    assert callable(encoded)
    content = LoadedSample(encoded(0), ".jpg", "a.jpg", "a.xml", ())
    result = validate(Sample(image_id, lambda: content))
    assert result.image is None
    assert result.problems[0].startswith(f"a.jpg: {image_id!r} ")


def test_error_that_is_no_bad_data_is_not_swallowed() -> None:
    """A bug in a source shows itself, in threads too."""

    def broken() -> LoadedSample:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        validate(Sample("a", broken))
