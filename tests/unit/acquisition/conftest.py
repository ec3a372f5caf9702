"""Score records made by hand."""

from collections.abc import Callable, Collection, Mapping, Sequence

import pytest

from job.acquisition.strategy import Images
from tests.unit.acquisition.records import Box, Image, candidates

Boxes = Mapping[str, Sequence[Sequence[float]]]
"""For each image its boxes, each by its class distribution."""


def make(
    boxes: Boxes, num_classes: int, *, objectness: float = 1.0, labelled: Collection[str] = ()
) -> Images:
    images = {
        image_id: Image([Box(row, objectness=objectness) for row in rows])
        for image_id, rows in boxes.items()
        if image_id not in labelled
    }
    return candidates(images, num_classes)


@pytest.fixture(scope="session")
def candidates_of() -> Callable[..., Images]:
    """Images from boxes; the order of the mapping is that of the store."""
    return make
