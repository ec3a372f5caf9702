"""The drawn data set."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from job.config.dataset import SyntheticConfig
from job.data.dataset import Dataset
from job.data.formats.base import LoadedSample
from job.data.formats.synthetic import SHAPES, Scene, SyntheticSource, draw
from job.data.ingest.ingest import ingest
from job.errors import UsageError
from job.keys import Split
from job.runtime.rng import random_stream
from job.storage.memory import MemoryStore

SMALL = SyntheticConfig(num_pool=30, num_test=12)


def contents(config: SyntheticConfig, split: Split) -> dict[str, LoadedSample]:
    return {
        sample.id: sample.load() for sample in SyntheticSource(**config.model_dump()).samples(split)
    }


def test_data_set_is_a_function_of_its_settings() -> None:
    """Two ingests of the same settings write the same bytes."""
    stores = [MemoryStore(), MemoryStore()]
    for store in stores:
        ingest(store, SyntheticSource(**SMALL.model_dump()), "d")
    one, two = ({key: store.read(key) for key in store.list("")} for store in stores)
    assert one == two


def test_each_image_has_its_own_stream() -> None:
    """A larger pool begins with the images of a smaller one; another seed shares none."""
    few = [content.data for content in contents(SMALL, "pool").values()]
    more = contents(SyntheticConfig(num_pool=40, num_test=12), "pool").values()
    assert [content.data for content in more][:30] == few
    other = contents(SyntheticConfig(num_pool=30, seed=1), "pool").values()
    assert not {content.data for content in other} & set(few)


def test_ids_number_the_pool_and_then_the_test_set() -> None:
    """Six digits, none twice."""
    assert list(contents(SMALL, "pool")) == [f"{number:06d}" for number in range(30)]
    assert list(contents(SMALL, "test")) == [f"{number:06d}" for number in range(30, 42)]


def test_data_set_passes_every_check_of_ingest() -> None:
    """No problem, nothing clipped, no copies, and classes in the order of the shapes."""
    store = MemoryStore()
    summary = ingest(store, SyntheticSource(**SMALL.model_dump()), "d")
    assert summary.problems == summary.warnings == ()
    assert summary.counts["pool"].num_clipped == 0
    assert Dataset.open(store, "d").classes == tuple(shape.name for shape in SHAPES)


def test_other_settings_under_the_same_name_are_refused() -> None:
    """The message names the setting with both values."""
    store = MemoryStore()
    ingest(store, SyntheticSource(**SMALL.model_dump()), "d")
    with pytest.raises(UsageError, match=r"\(seed: 0 -> 5\)"):
        ingest(store, SyntheticSource(**{**SMALL.model_dump(), "seed": 5}), "d")


@pytest.mark.parametrize("size", [32, 96, 250])
def test_boxes_lie_within_an_image_of_the_size_that_was_asked_for(size: int) -> None:
    """At every size, objects keep their share of it: none is smaller than a sixth of the side."""
    for index in range(20):
        pixels, boxes = draw(size, random_stream(index))
        assert pixels.shape == (size, size, 3)
        for box in boxes:
            left, top, right, bottom = box.corners_xyxy
            assert min(left, top) >= 0
            assert max(right, bottom) <= size
            assert min(right - left, bottom - top) >= size / 6


def test_box_is_tight_around_its_object(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ground and noise, the pixels that differ from the ground are those in the boxes."""
    monkeypatch.setattr(
        "job.data.formats.synthetic._ground", lambda size, _: np.zeros((size, size, 3))
    )
    monkeypatch.setattr("job.data.formats.synthetic.NOISE_DEVIATION", 0)
    for index in range(20):
        pixels, boxes = draw(96, random_stream(index))
        if len(boxes) == 1:
            drawn = Image.fromarray((pixels.max(2) > 10).astype(np.uint8)).getbbox()
            assert drawn
            assert np.abs(np.subtract(drawn, boxes[0].corners_xyxy)).max() <= 1


def test_object_that_would_hide_another_finds_no_place() -> None:
    """A second object of the whole image would hide the first wholly; a corner of it may."""
    rng = np.random.default_rng(0)
    scene = Scene(20)
    assert scene.find_place(np.ones((20, 20)), rng)
    assert scene.find_place(np.ones((20, 20)), rng) is None
    assert scene.find_place(np.ones((5, 5)), rng)


def test_classes_are_unequal_and_some_images_are_empty() -> None:
    """Shares reach from under 12 % to over 25 %, and counts from no object to 4 or more."""
    shares = [shape.share for shape in SHAPES]
    assert sum(shares) == pytest.approx(1)
    assert min(shares) < 0.12
    assert max(shares) > 0.25
    counts = [len(draw(96, random_stream(index))[1]) for index in range(150)]
    assert min(counts) == 0
    assert max(counts) >= 4


def test_images_are_jpegs_that_any_reader_shows() -> None:
    """The suffix says what the bytes are."""
    content = next(iter(contents(SMALL, "pool").values()))
    assert content.suffix == ".jpg"
    assert Image.open(BytesIO(content.data)).format == "JPEG"
