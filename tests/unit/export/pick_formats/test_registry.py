"""All layouts of picks."""

import pytest

from job.export.pick_formats import PICK_FORMATS, ToolName
from tests.unit.export.batches import batch


@pytest.mark.parametrize("name", PICK_FORMATS)
def test_every_image_has_a_file_of_its_own_in_the_order_of_rank(name: ToolName) -> None:
    """Tools that go by names take them in this order, and none of the other files is in its way."""
    layout = PICK_FORMATS[name](batch())
    files = [layout.image_file(image) for image in layout.batch.images]
    assert files == sorted(set(files))
    assert not set(files) & set(layout.files())


@pytest.mark.parametrize("name", PICK_FORMATS)
def test_the_same_batch_gives_the_same_bytes(name: ToolName) -> None:
    """There are no times, paths or random ids in any of the files."""
    first, second = (PICK_FORMATS[name](batch()).files() for _ in range(2))
    assert list(first.items()) == list(second.items())
