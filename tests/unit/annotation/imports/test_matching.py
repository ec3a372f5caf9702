"""What several files say of the images of a round."""

from datetime import UTC, datetime

import pytest

from job.annotation.answers import Answer, DrawnBox
from job.annotation.imports.found import Found
from job.annotation.imports.layouts import AnswerFile
from job.annotation.imports.matching import Matched, is_same, match
from job.annotation.imports.names import ImageNames
from job.errors import BadDataError
from tests.unit.export.batches import picked

PICKS = [picked(0, "a"), picked(1, "b")]
DOG = DrawnBox("dog", (10.0, 20.0, 30.0, 60.0))
CAT = DrawnBox("cat", (10.0, 20.0, 30.0, 60.0))


def found(name: str, *boxes: DrawnBox, by: str = "", hour: int | None = None) -> Found:
    """What a file says of an image; without boxes, nothing."""
    at = None if hour is None else datetime(2026, 11, 30, hour, tzinfo=UTC)
    answer = Answer(image_id="", boxes=boxes, by=by, at=at)
    return Found(name, f"file: {name}", answer, is_silent=not boxes)


def matched(*files: list[Found], complete: bool = False) -> Matched:
    """What files say of the picks; an earlier round has picked the image `old`."""
    read = [AnswerFile("file", "COCO", tuple(each)) for each in files]
    earlier = ImageNames([picked(0, "old")], "mine")
    return match(read, ImageNames(PICKS, "mine"), earlier, complete=complete)


def test_images_of_no_round_and_of_earlier_ones_are_left_out() -> None:
    """The first are named, since they may be misspelt; of the others there may be many."""
    result = matched([found("a", DOG), found("old.jpg", DOG), found("c", DOG)])
    assert [*result.answers] == [("a", "")]
    assert result.num_of_others == 1
    assert result.unknown == ["file: c"]


def test_without_boxes_nothing_is_said_unless_the_work_is_complete() -> None:
    """An image that has boxes in another file is answered there."""
    files = [found("a"), found("b")], [found("a", DOG)]
    result = matched(*files)
    assert [*result.answers] == [("a", "")]
    assert [image.id for image in result.silent] == ["b"]
    result = matched(*files, complete=True)
    assert {key: answer.boxes for key, answer in result.answers.items()} == {
        ("a", ""): (DOG,),
        ("b", ""): (),
    }
    assert not result.silent


def test_files_that_contradict_each_other_are_refused() -> None:
    """Nobody knows which of them is right; the same twice is no contradiction."""
    assert len(matched([found("a", DOG)], [found("0000_stem.jpg", DOG)]).answers) == 1
    with pytest.raises(BadDataError, match=r"^file: 0000_stem.jpg: has other boxes than file: a; "):
        matched([found("a", DOG)], [found("0000_stem.jpg", CAT)])


def test_of_each_annotator_the_last_answer_counts() -> None:
    """Where the layout says who and when."""
    ann = [found("a", CAT, by="ann", hour=10), found("a", DOG, by="ann", hour=9)]
    result = matched([*ann, found("a", DOG, by="ben", hour=8)])
    boxes = {by: answer.boxes for (_, by), answer in result.answers.items()}
    assert boxes == {"ann": (CAT,), "ben": (DOG,)}


def test_answers_are_the_same_if_a_layout_has_rounded_their_boxes() -> None:
    """In any order; another class, a box more or a refusal is something else."""
    near = DrawnBox("dog", (10.4, 20.0, 30.0, 59.6))
    one = Answer("a", (DOG, CAT))
    assert is_same(one, Answer("a", (CAT, near)))
    far = DrawnBox("dog", (10.6, 20.0, 30.0, 60.0))
    for boxes in ((CAT, far), (CAT,), (CAT, CAT), (DOG, CAT, DOG)):
        assert not is_same(one, Answer("a", boxes))
    assert not is_same(Answer("a"), Answer("a", is_refused=True))
