"""The mAP of the latest model on what was drawn after it was trained."""

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from job.artifacts.reader import Reader
from job.config.schema import Config
from job.detection.metrics.average_precision import evaluate
from job.errors import BadDataError
from job.keys import RoundRef
from job.plan import Plan
from job.report.pool import model
from job.report.pool.draws import Draws, read_draws
from job.report.pool.model import latest_metric, recorded_detections
from job.storage.local import LocalStore

ROUND_0 = RoundRef("tiny", 0, None, 0)


@pytest.fixture(scope="module")
def reader(store: LocalStore) -> Reader:
    return Reader.listed(store, "tiny")


@pytest.fixture(scope="module")
def draws(reader: Reader, settings: Config) -> Draws:
    return read_draws(reader, Plan(settings))[0]


def test_a_recorded_box_counts_once_for_each_likely_class(reader: Reader, draws: Draws) -> None:
    """Those of the record whose p(class) in the full softmax is at least the threshold."""
    ids = draws.rounds[1].drawn
    found = recorded_detections(reader, ROUND_0, ids, 0.1)
    assert sorted(found.ids) == sorted(ids)
    rows = [row for path in reader.score_parts(ROUND_0) for row in pq.read_table(path).to_pylist()]
    expected = sorted(
        float(np.float32(p) * np.float32(objectness))
        for row in rows
        if row["id"] in ids
        for of_box, objectness in zip(row["probabilities"], row["objectness"], strict=True)
        for p in of_box
        if np.float32(p) * np.float32(objectness) >= 0.1
    )
    assert sorted(found.scores.tolist()) == pytest.approx(expected)


def test_an_image_that_the_record_lacks_is_refused(reader: Reader) -> None:
    """It would count as an image in which nothing was found."""
    with pytest.raises(BadDataError, match="has no image 'x'"):
        recorded_detections(reader, ROUND_0, ["x"], 0.1)


def test_the_latest_model_is_measured_of_which_enough_was_drawn_since(
    reader: Reader, settings: Config, draws: Draws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the images of the next round, which it was not trained on."""
    monkeypatch.setattr(model, "MIN_BOXES_PER_CLASS", 1)
    found = latest_metric(reader, settings, draws)
    assert found
    assert (found.arm, found.round, found.drawn_in, found.num_drawn) == ("random", 0, (1,), 4)
    ids = draws.rounds[1].drawn
    assert found.num_boxes == sum(len(draws.truth[each].labels) for each in ids)
    seen = recorded_detections(reader, ROUND_0, ids, 0.05)
    plain = evaluate({each: draws.truth[each] for each in ids}, seen, draws.classes).map50_area
    assert plain is not None
    assert abs(found.metric.value - plain) < 0.3  # the jackknife moves it


def test_of_few_boxes_nothing_is_said(reader: Reader, settings: Config, draws: Draws) -> None:
    """Ten boxes a class are needed, on average."""
    assert latest_metric(reader, settings, draws) is None


def test_a_model_that_saw_changed_images_is_not_measured(
    reader: Reader, settings: Config, draws: Draws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tutorial's fault: scoring sees images as they are augmented for training."""
    monkeypatch.setattr(model, "MIN_BOXES_PER_CLASS", 1)
    score = settings.score.model_copy(update={"input": "training"})
    config = settings.model_copy(update={"score": score})
    assert latest_metric(reader, config, draws) is None


def test_without_a_record_nothing_is_said(
    reader: Reader, settings: Config, draws: Draws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounds of an arm that selects without scores are not scored."""
    monkeypatch.setattr(model, "MIN_BOXES_PER_CLASS", 1)
    own = tuple(replace(ref, arm="random", index=1) for ref in draws.refs)
    assert latest_metric(reader, settings, replace(draws, refs=own)) is None
