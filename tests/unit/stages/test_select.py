"""The stage `select`: what it writes, and a first round by embeddings."""

from pathlib import Path

import numpy as np
import pytest
import torch

from job import experiment
from job.artifacts.markers import Markers
from job.config.schema import ArmConfig, Config
from job.data.dataset import Dataset
from job.detection.detectors.weights import new_detector
from job.detection.inference.predict import Engine, embed_images
from job.keys import RoundRef
from job.plan import Plan
from job.stages import run_stage
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.unit.stages.tiny import ROUND_0, ROUND_1, picks_of


def test_queries_give_rank_score_and_reason(finished: LocalStore) -> None:
    """Each pick has its rank from 0, its score, and a reason in words."""
    rows = picks_of(finished, ROUND_1)
    assert [row["rank"] for row in rows] == ["0", "1", "2", "3"]
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert all("margin" in row["reason"] or "no box that counts" in row["reason"] for row in rows)


def test_no_image_is_labelled_twice(finished: LocalStore) -> None:
    """Over all rounds of an arm, the picks are distinct: 6 + 4 + 4 images."""
    for arm in ("random", "brust"):
        refs = [RoundRef("tiny", 0, arm, index) for index in range(3)]
        ids = [row["id"] for ref in refs for row in picks_of(finished, ref)]
        assert len(ids) == len(set(ids)) == 14


def test_what_looks_wrong_about_picks_is_in_the_marker(
    begun: tuple[MemoryStore, Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From there the report takes it."""
    store, config = begun
    monkeypatch.setattr("job.selection.cautions", lambda *_: ("all alike",))
    run_stage(store, Plan(config), ROUND_0.stage("select"))
    marker = Markers(store).get(ROUND_0.stage("select"))
    assert marker is not None
    assert marker.cautions == ("all alike",)


def test_a_cold_start_by_embeddings(settings: Config) -> None:
    """Round 0 selects by the backbone before any training: greedy k-centre from the medoid.

    Worked out here from embeddings made image by image; nothing is scored for it.
    """
    coreset = ArmConfig.model_validate({"strategy": "coreset", "normalize": False})
    cold = settings.model_copy(update={"cold_start": coreset})
    store = MemoryStore()
    begun = experiment.init(store, Plan(cold))
    run_stage(store, begun, ROUND_0.stage("select"))
    detector = new_detector(cold.detector, Dataset.open(store, "drawn").classes, 0, Path)
    dataset = Dataset.open(store, "drawn")
    found = {
        image.id: embed_images(
            detector,
            [image],
            Engine(torch.device("cpu"), 1),
        )["embedding"].to_pylist()[0]
        for image in dataset.iter_images("pool")
    }
    ids = sorted(found)
    points = np.array([found[image_id] for image_id in ids], np.float64)
    distances = np.linalg.norm(points[:, None] - points, axis=-1)
    expected = [int(distances.sum(axis=1).argmin())]
    while len(expected) < 6:
        expected.append(int(distances[expected].min(axis=0).argmax()))
    rows = picks_of(store, ROUND_0)
    assert [row["id"] for row in rows] == [ids[row] for row in expected]
    assert rows[0]["reason"] == "the medoid of the pool"
