"""Which image of a round a tool means."""

import pytest

from job.annotation.imports.names import ImageNames
from tests.unit.export.batches import ODD, picked

IMAGES = ImageNames([picked(0, ODD), picked(1, "a"), picked(2, "c/a")], "mine")


@pytest.mark.parametrize(
    ("name", "image_id"),
    [
        (f"mine/seed-3/brust/round-002/{ODD}", ODD),
        ("0001_stem.jpg", "a"),
        ("0001_stem", "a"),
        ("0001_stem.png", "a"),
        ("data/obj_train_data/0002_stem", "c/a"),
        ("images\\default\\0002_stem.JPG", "c/a"),
        ("/data/upload/7/1a2b3c4d-0001_stem.jpg", "a"),
        ("c/a.jpg", "c/a"),
        ("images/c/a.jpg", "c/a"),
        ("a.jpg", "a"),
        (ODD, ODD),
        ("mine/seed-0/other/round-001/a", "a"),
        ("labels/mine/seed-3/round-000/c/a", "c/a"),
        ("mine/test/round-000/a", "a"),
        ("theirs/seed-3/brust/round-002/a", None),
        ("labels/theirs/test/round-002/a", None),
        ("0003_stem.jpg", None),
        ("", None),
    ],
)
def test_an_image_is_found_by_any_name_of_it(name: str, image_id: str | None) -> None:
    """Its key, the file of an export or its id, whatever a tool puts before and behind it."""
    found = IMAGES.find(name)
    assert (found and found.id) == image_id
