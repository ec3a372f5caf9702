"""The page of a data set."""

import re
from pathlib import Path

import pytest

from job.annotators import labels_of
from job.data.dataset import Dataset
from job.data.ingest.ingest import ingest
from job.errors import ConfigError
from job.report.data import pictures
from job.report.data.facts import DefaultBox
from job.report.data.page import data_page
from job.report.drawing.render import draw
from job.report.page import Page
from job.storage.memory import MemoryStore
from tests.unit.data.conftest import Photos, encode
from tests.unit.report.data.conftest import Box, MakeDataset
from tests.unit.report.make_context import cells
from tests.unit.report.parsed import ParsedPage
from tests.unit.report.sketch import sketch

COW, HORSE = ("cow", 1.0, 1.0, 40.0, 40.0), ("horse", 10.0, 0.0, 30.0, 60.0)
DEFAULT_BOX = DefaultBox("made", 320, 0.2)


def page_of(dataset: Dataset) -> Page:
    return data_page(dataset, DEFAULT_BOX, sketch)


def remarks_of(page: Page) -> list[str]:
    return re.findall(r"<li>(.*?)</li>", page.sections["overview"].html)


def test_the_page_needs_nothing_else(make_dataset: MakeDataset) -> None:
    """No object of the page lies elsewhere; it says that it shows the ground truth of the pool."""
    dataset = make_dataset([(1, [COW, HORSE]), (2, [])], [(3, [COW])])
    files = dict(data_page(dataset, DEFAULT_BOX, draw).files())
    parsed = ParsedPage(files["index.html"].decode())
    assert all(link.startswith(("#", "data:image/")) for link in parsed.links)
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= parsed.ids
    assert "The page shows the ground truth of the pool" in parsed.words
    assert {"classes.csv", "box-sizes.svg", "boxes-per-image.png", "places.png"} <= files.keys()


def test_counts_are_those_of_the_data_set(make_dataset: MakeDataset) -> None:
    """By split; a count that is 0 in both has no row."""
    page = page_of(make_dataset([(1, [COW, HORSE]), (2, [])], [(3, [COW])]))
    assert cells(page.sections["overview"].html) == [
        ["", "pool", "test"],
        ["images", "2", "1"],
        ["boxes", "2", "1"],
        ["boxes of a labelled image", "1.00", "1.00"],
        ["images without a box", "1", ""],
    ]
    assert page.sections["classes"].tables["classes"][1] == {
        "class": "horse",
        "pool boxes": 1,
        "pool images": 1,
        "pool median side": "50.0 %",
        "test boxes": 0,
        "test images": 0,
        "test median side": "",
    }


def test_what_stands_out_comes_first(make_dataset: MakeDataset) -> None:
    """A class without a box, few boxes, small boxes, empty images, and a leak into the test set."""
    small = ("cow", 1.0, 1.0, 9.0, 7.0)  # a tenth of each side
    page = page_of(make_dataset([(1, [COW, small, HORSE]), (2, [])], [(1, [COW])]))
    assert remarks_of(page) == [
        "pool: fewer than 20 boxes of cow (2) and horse (1).",
        "test: no box of horse.",
        "test: fewer than 20 boxes of cow (1).",
        (
            "33 % and 0 % of the boxes of pool and test are smaller than the smallest default box "
            "of made (64 of 320 pixels), and 0 % and 0 % smaller than half of it. A detector finds "
            "such objects late or never: cut the images into tiles, or take another detector."
        ),
        "pool: 1 image has no box (50 %). Does it show nothing?",
        (
            "test: 1 of 1 images that were compared look like an image of the pool. If they show "
            "the same scenes, the metric will be too high."
        ),
    ]


def test_boxes_that_are_shifted_stand_out(make_dataset: MakeDataset) -> None:
    """They are cut off at one edge, and none at the opposite one."""
    boxes = [("cow", 60.0, float(y), 80.0, y + 9.0) for y in range(1, 21)]
    page = page_of(make_dataset([(1, boxes)], [(2, [COW])]))
    told = "of the boxes, 20 touch the right edge of their image, 0 the left one. Are they shifted?"
    assert f"pool: {told}" in remarks_of(page)


def test_an_object_with_two_boxes_stands_out(make_dataset: MakeDataset) -> None:
    """Of two classes: exact repetitions are dropped by ingest."""
    twice = ("horse", *COW[1:])
    page = page_of(make_dataset([(1, [COW, twice])], [(2, [COW])]))
    told = "pool: in 1 image two boxes overlap with an IoU of at least 0.9, as if one object"
    assert any(text.startswith(told) for text in remarks_of(page))
    assert "cow and horse: IoU 1.00" in page.sections["oddest"].html


def test_every_class_has_a_sample_up_to_a_number(
    make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The classes with the most boxes; the page says how many are left out."""
    monkeypatch.setattr(pictures, "MAX_CLASSES", 1)
    samples = page_of(make_dataset([(1, [COW, HORSE])], [(2, [COW])])).sections["samples"].html
    assert "<h3>cow</h3>" in samples
    assert "<h3>horse</h3>" not in samples
    assert "Of 1 class with fewer boxes there is no sample." in samples


def test_of_many_classes_one_image_of_each_split_is_shown(
    make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two classes then stand beside each other."""
    dataset = make_dataset([(1, [COW, HORSE]), (2, [COW])], [(3, [COW])])
    samples = page_of(dataset).sections["samples"].html
    assert samples.count("<figure>") == 4  # cow: 2 + 1, horse: 1
    assert 'class="columns"' not in samples
    monkeypatch.setattr(pictures, "FEW_CLASSES", 1)
    samples = page_of(dataset).sections["samples"].html
    assert samples.count("<figure>") == 3
    assert 'class="columns"' in samples


NAMES = ("猫科动物", "🚗🔥", "<b>&amp;$x_1$", "a" * 62 + "b", "a" * 62 + "c")


def test_names_of_any_script_and_length_are_shown_as_they_are(make_dataset: MakeDataset) -> None:
    """Escaped in HTML; beside a box, a long one is shortened in the middle."""
    boxes: list[Box] = [(name, 1.0, 1.0, 40.0, 40.0 + place) for place, name in enumerate(NAMES)]
    page = page_of(make_dataset([(1, boxes)], [(2, boxes)])).html().decode()
    assert "<h3>猫科动物</h3>" in page
    assert "<h3>&lt;b&gt;&amp;amp;$x_1$</h3>" in page
    assert f"<h3>{'a' * 62}c</h3>" in page
    assert f">{'a' * 11}…{'a' * 11}c</text>" in page


def test_a_pool_without_labels_has_a_page(
    make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its images are shown; nothing is said of ground truth that there is not."""
    dataset = make_dataset([(1, [COW]), (2, [COW])], [(3, [COW])])
    monkeypatch.setattr(Dataset, "has_ground_truth", property(lambda _: False))
    page = page_of(dataset)
    assert "Images of the pool without a label, a sample" in page.sections["samples"].html
    assert "ground truth" not in page.about
    assert ["labelled images", "0", "1"] in cells(page.sections["overview"].html)


def test_the_share_of_empty_images_is_that_of_the_labelled_ones(
    make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows whether the others are empty: of 2 labelled ones of 4, 1 is half."""
    dataset = make_dataset([(1, []), (2, [COW]), (3, [COW]), (4, [])], [(5, [COW])])
    known = labels_of(dataset, ["pool-0", "pool-1"], "oracle", lambda: dataset)
    monkeypatch.setattr(Dataset, "has_ground_truth", property(lambda _: False))
    monkeypatch.setattr(Dataset, "known_labels", lambda *_: known)
    assert "pool: 1 image has no box (50 %). Does it show nothing?" in remarks_of(page_of(dataset))


def test_a_data_set_without_any_label_has_a_page(
    make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no test set either, and so nothing to tell of boxes."""
    dataset = make_dataset([(1, [COW]), (2, [COW])], [(3, [COW])])
    monkeypatch.setattr(Dataset, "has_ground_truth", property(lambda _: False))
    ids = {"pool": dataset.ids("pool"), "test": ()}
    monkeypatch.setattr(Dataset, "ids", lambda _, split: ids[split])
    page = page_of(dataset)
    assert list(page.sections) == ["overview", "samples", "images", "alike", "origin"]
    assert page.sections["samples"].title == "A sample of the images"


def test_copies_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three images with the same bytes, two are copies."""
    monkeypatch.setenv("AL_CACHE", f"{tmp_path}/cache")
    store = MemoryStore()
    same, other = encode(1), encode(2)
    ingest(store, Photos(pool={"a": same, "b": other, "c": same, "d": same}), "d")
    page = page_of(Dataset.open(store, "d"))
    assert "pool: 2 images are copies of others, byte for byte." in remarks_of(page)
    assert ["copies of images", "2"] in cells(page.sections["overview"].html)
    ingest(store, Photos(pool={"a": same, "b": other, "c": same}), "one")
    page = page_of(Dataset.open(store, "one"))
    assert "pool: 1 image is a copy of another, byte for byte." in remarks_of(page)


def test_the_page_says_how_many_images_were_compared(make_dataset: MakeDataset) -> None:
    """Of each split."""
    page = page_of(make_dataset([(1, [COW]), (2, [COW])], [(3, [COW])]))
    told = "by a perceptual hash: 2 of 2 images of the pool and 1 of 1 test images."
    assert told in page.sections["alike"].html


@pytest.mark.parametrize(
    ("model", "size", "expected"),
    [
        ("ssdlite_mobilenet_v2", None, (320, 64.0)),
        ("ssdlite_mobilenet_v2", 128, (128, 25.6)),
        ("ssd_vgg16", None, (300, 21.0)),
        ("retinanet", None, (320, None)),
        ("transformers", 640, (640, None)),  # it needs a name only to be built
    ],
)
def test_the_smallest_default_box_is_that_of_the_detector(
    model: str, size: int | None, expected: tuple[int, float | None]
) -> None:
    """A fifth of the input's side, or 7 % of it, or there is none; torch is not needed to know."""
    box = DefaultBox.of(model, size)
    assert box.size == expected[0]
    assert box.pixels == pytest.approx(expected[1])


def test_a_size_that_the_detector_does_not_take_is_refused() -> None:
    """As in an experiment."""
    with pytest.raises(ConfigError, match=r"detector\.size: ssd_vgg16 takes 300 only"):
        DefaultBox.of("ssd_vgg16", 320)
