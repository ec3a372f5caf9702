"""Batches of picks: the names of files, and the manifest."""

import json
import re
from dataclasses import replace
from hashlib import sha256
from math import inf

import pytest

from job.acquisition.strategy import Pick
from job.annotation.batch import file_stem, picked_images
from job.data.dataset import Dataset
from job.data.ingest.ingest import ingest
from job.keys import RoundRef
from job.storage.memory import MemoryStore
from tests.unit.data.conftest import Photos, encode
from tests.unit.export.batches import BEAR, DOG, ODD, REF, batch

PHOTOS = {"a/p0": encode(100), "p 1": encode(101), "p_1": encode(102)}


@pytest.mark.parametrize(
    ("image_id", "expected"),
    [
        ("000123", "0007_000123"),
        (ODD, "0007_b_1_v2_"),
        ("../a", "0007__a"),
        ("ü", "0007__"),
        ("x" * 300, f"0007_{'x' * 80}"),
    ],
)
def test_a_files_name_begins_with_the_rank(image_id: str, expected: str) -> None:
    """After it comes of the id what every tool, archive and address takes."""
    assert file_stem(7, 10, image_id) == expected


def test_more_than_10000_picks_are_in_order_too() -> None:
    """All ranks of a round have as many digits as the last one."""
    assert file_stem(7, 10_000, "a") == "0007_a"
    assert file_stem(7, 10_001, "a") == "00007_a"


def test_picks_know_their_images() -> None:
    """Size and digest are those of the index; ids that look the same in a name stay apart."""
    store = MemoryStore()
    ingest(store, Photos(pool=PHOTOS), "d")
    picks = [Pick(each, 0.5, "") for each in ("p_1", "a/p0", "p 1")]
    found = picked_images(Dataset.open(store, "d"), REF, picks, {"a/p0": (DOG,)})
    assert [image.id for image in found] == ["p_1", "a/p0", "p 1"]
    assert [image.file for image in found] == ["0000_p_1.jpg", "0001_a_p0.jpg", "0002_p_1.jpg"]
    assert found[2].sha256 == sha256(PHOTOS["p 1"]).hexdigest()
    assert found[2].key == "mine/seed-3/brust/round-002/p 1"
    assert [image.proposals for image in found] == [(), (DOG,), ()]


def test_an_infinite_score_is_none() -> None:
    """A strategy may give one, and no JSON file can say it."""
    store = MemoryStore()
    ingest(store, Photos(pool=PHOTOS), "d")
    picks = [Pick("p_1", inf, "first"), Pick("p 1", 0.5, "second")]
    found = picked_images(Dataset.open(store, "d"), REF, picks, {})
    assert [(image.score, image.reason) for image in found] == [(None, "first"), (0.5, "second")]


def test_the_manifest_says_which_image_each_file_is() -> None:
    """Whatever an answer has of an image, its file or its key, leads to the id."""
    content = json.loads(batch().manifest("cvat", "file"))
    size = {"sha256": "ab", "width": 100, "height": 200}
    key = "mine/seed-3/brust/round-002/"
    assert content == {
        "format": 1,
        "experiment": "mine",
        "seed": 3,
        "arm": "brust",
        "round": 2,
        "layout": "cvat",
        "found_by": "file",
        "classes": ["cat", "dog", "Eisbär"],
        "model": "mine/seed-3/brust/round-001",
        "min_confidence": 0.3,
        "images": [
            {"key": key + ODD, "id": ODD, "rank": 0, "file": "0000_stem.jpg", **size}
            | {"proposals": len((DOG, BEAR))},
            {"key": f"{key}a", "id": "a", "rank": 2, "file": "0002_stem.png", **size}
            | {"proposals": 0},
        ],
    }


def test_round_0_has_no_arm_and_no_model() -> None:
    """All arms of a seed share it, so its keys are the same for all of them."""
    first = replace(batch(proposing=False), ref=RoundRef("mine", 3, "brust", 0))
    content = json.loads(first.manifest("coco", "file"))
    assert (content["arm"], content["model"], content["min_confidence"]) == (None, None, None)
    assert first.name == "mine/seed-3/round-000"


def test_the_model_of_round_1_is_that_of_the_shared_round() -> None:
    """Round 0 belongs to no arm."""
    assert replace(batch(), ref=REF.at(1)).model == "mine/seed-3/round-000"
    assert re.fullmatch("mine/seed-3/brust/round-001", str(batch().model))
