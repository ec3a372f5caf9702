"""Checks of single images, in threads."""

import os
import threading
import time
from collections.abc import Iterator

import pytest

from job.data.examine import examine, in_threads
from job.data.source import Content, Sample, SourceBox


def numbers(drawn: list[int]) -> Iterator[int]:
    """0, 1, 2, ... up to 99; each is noted when it is drawn."""
    for number in range(100):
        drawn.append(number)
        yield number


def test_results_come_in_order() -> None:
    """Also where the earlier ones take longer."""

    def slow_when_even(number: int) -> int:
        time.sleep(0.002 * (number % 2 == 0))
        return -number

    assert list(in_threads(slow_when_even, range(20))) == [-number for number in range(20)]


def test_few_items_are_under_way_at_any_time() -> None:
    """So that no more than a handful of images is in memory, however slow the store is."""
    drawn: list[int] = []
    results = in_threads(lambda number: number, numbers(drawn))
    for _ in range(3):
        next(results)
    assert len(drawn) <= 3 + 2 * min(8, os.cpu_count() or 1)
    results.close()
    assert len(drawn) < 100


def test_images_are_checked_beside_each_other() -> None:
    """Two that wait for each other both end, where there are two processors."""
    if (os.cpu_count() or 1) < 2:
        pytest.skip("one processor")
    meeting = threading.Barrier(2, timeout=5)
    assert len(list(in_threads(lambda _: meeting.wait(), range(2)))) == 2


def test_all_problems_of_an_image_are_told(encoded: object) -> None:
    """One bad box does not hide the next, nor the good one between them."""
    assert callable(encoded)
    boxes = (
        SourceBox((5, 5, 1, 9), "cat", "box 1"),
        SourceBox((1, 1, 5, 9), "cat", "box 2", difficult=True),
        SourceBox((1, 1, 5, 9), "", "box 3"),
    )
    content = Content(encoded(0), ".JPG", "a.JPG", "a.xml", boxes, ("box 4: no coordinates",))
    result = examine(Sample("a", lambda: content))
    assert result.problems == (
        "a.xml: box 4: no coordinates",
        "a.xml: box 1: inverted or empty",
        "a.xml: box 3: its class has no name",
    )
    assert result.image
    assert result.image.annotation.boxes_xyxy.tolist() == [[1, 1, 5, 9]]
    assert result.image.annotation.difficult == (True,)
    assert result.image.suffix == ".jpg"


def test_error_that_is_no_bad_data_is_not_swallowed() -> None:
    """A bug in a source shows itself, in threads too."""

    def broken() -> Content:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(in_threads(examine, [Sample("a", broken)]))
